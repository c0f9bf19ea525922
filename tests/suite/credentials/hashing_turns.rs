//! Callers that wait for a hash take turns: one that floods the queue holds up itself
//! alone.

use std::{
    collections::HashSet,
    net::IpAddr,
    num::NonZeroUsize,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use gestan_account_client::{
    Error,
    v1::{self, ErrorReason, account_service_client::AccountServiceClient},
};
use gestan_account_server::credentials::hasher::{
    HashError,
    HashFor::{self, Known, Outbox, Stranger},
    classes::Classes,
    queue::Queue,
    turns::Turns,
};
use gestan_account_tests::{PASSWORD, TestServer, TestServerOptions, change, machine};
use proptest::prelude::*;
use tokio::{sync::oneshot, task::JoinSet};
use tonic::transport::Channel;

/// A change of a queue: an item comes by this path, or one goes, or all that are no
/// multiple of this are let go.
#[derive(Clone, Debug)]
enum Step {
    Push([u8; 3]),
    Pop,
    Retain(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::array::uniform3(0..3_u8).prop_map(Step::Push),
        3 => Just(Step::Pop),
        1 => (2..4_usize).prop_map(Step::Retain),
    ];
    prop::collection::vec(step, 0..120)
}

/// Plays the steps; gives the items that wait, with their paths.
fn play(turns: &mut Turns<u8, usize>, steps: &[Step], capacity: usize) -> Vec<(usize, [u8; 3])> {
    let mut waiting: Vec<(usize, [u8; 3])> = Vec::new();
    let go = |waiting: &mut Vec<(usize, [u8; 3])>, item: usize| {
        let at = waiting.iter().position(|(other, _)| *other == item);
        waiting.remove(at.expect("it waited, and comes out once"));
    };
    for (item, step) in steps.iter().enumerate() {
        match step {
            Step::Push(path) => {
                let was_full = turns.is_full();
                match turns.push(path, item) {
                    Ok(displaced) => {
                        assert_eq!(displaced.is_some(), was_full);
                        waiting.push((item, *path));
                        if let Some(displaced) = displaced {
                            go(&mut waiting, displaced);
                        }
                    }
                    Err(refused) => assert_eq!((refused, was_full), (item, true)),
                }
            }
            Step::Pop => match turns.pop() {
                Some(item) => go(&mut waiting, item),
                None => assert!(waiting.is_empty()),
            },
            Step::Retain(factor) => {
                turns.retain(|item| item.is_multiple_of(*factor));
                waiting.retain(|(item, _)| item.is_multiple_of(*factor));
            }
        }
        assert_eq!(turns.len(), waiting.len());
        assert!(turns.len() <= capacity);
    }
    waiting
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(steps in steps(), capacity in 1..20_usize) {
        let mut turns = Turns::new(capacity);
        let mut waiting = play(&mut turns, &steps, capacity);
        while let Some(item) = turns.pop() {
            let at = waiting.iter().position(|(other, _)| *other == item);
            waiting.remove(at.expect("it waited, and comes out once"));
        }
        prop_assert!(waiting.is_empty());
        prop_assert!(turns.is_empty());
    }

    /// However much waits, a newcomer is served after one item of each other network.
    #[test]
    fn a_newcomer_is_served_after_one_of_each_network(steps in steps(), capacity in 8..20_usize) {
        let mut turns = Turns::new(capacity);
        let before = play(&mut turns, &steps, capacity);
        let networks: HashSet<u8> = before.iter().map(|(_, path)| path[0]).collect();
        // Three networks cannot have eight places without one of them having three.
        prop_assert!(turns.push(&[9, 9, 9], usize::MAX).is_ok());
        let served = (0..).map_while(|_| turns.pop()).position(|item| item == usize::MAX);
        prop_assert!(served.is_some_and(|served| served <= networks.len()));
    }

    /// The newcomer takes the place of one of the network that has the most.
    #[test]
    fn the_network_that_has_the_most_makes_room(paths in prop::collection::vec(0..4_u8, 12..40)) {
        let mut turns = Turns::new(12);
        let mut waiting: Vec<(usize, u8)> = Vec::new();
        for (item, network) in paths.into_iter().enumerate() {
            let count = |network| waiting.iter().filter(|(_, other)| *other == network).count();
            let most = (0..4).map(count).max().unwrap_or_default();
            let own = count(network);
            match turns.push(&[network], item) {
                Ok(None) => {}
                Ok(Some(displaced)) => {
                    let at = waiting.iter().position(|(other, _)| *other == displaced);
                    let (_, theirs) = waiting[at.expect("it waited")];
                    prop_assert_eq!(count(theirs), most);
                    prop_assert!(most > own + 1);
                    let newer = waiting.iter().rfind(|(_, other)| *other == theirs);
                    prop_assert_eq!(newer.map(|(item, _)| *item), Some(displaced), "the newest");
                    waiting.retain(|(other, _)| *other != displaced);
                }
                Err(_) => {
                    prop_assert!(most <= own + 1);
                    continue;
                }
            }
            waiting.push((item, network));
        }
    }

    /// Strangers get every fourth turn, or more where nobody else waits; the known
    /// get all others.
    #[test]
    fn neither_class_starves(steps in prop::collection::vec(0..4_u8, 0..200)) {
        let mut classes = Classes::new(NonZeroUsize::new(64).expect("not zero"));
        let (mut known, mut strangers, mut in_a_row) = (0, 0, 0);
        for step in steps {
            let is_stranger = step == 0;
            match step {
                0 | 1 => {
                    let who = if is_stranger { Stranger(None) } else { Known(None) };
                    let taken = classes.push(who, is_stranger, |_| true).is_ok();
                    known += usize::from(taken && !is_stranger);
                    strangers += usize::from(taken && is_stranger);
                    prop_assert!(known <= 16 && strangers <= 48);
                }
                _ => match classes.pop() {
                    Some(true) => {
                        prop_assert!(known == 0 || in_a_row >= 3);
                        (strangers, in_a_row) = (strangers - 1, 0);
                    }
                    Some(false) => {
                        in_a_row += 1;
                        prop_assert!(strangers == 0 || in_a_row <= 3);
                        known -= 1;
                    }
                    None => prop_assert_eq!((known, strangers), (0, 0)),
                },
            }
        }
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// The /64 with this number of a home line's /56.
fn home(number: usize) -> IpAddr {
    ip(&format!("2001:db8:1:23{number:02x}::1"))
}

/// Before one thread, which is occupied: those who come, and in which order they are
/// served.
struct Line {
    queue: Arc<Queue>,
    served: Arc<Mutex<Vec<&'static str>>>,
    calls: JoinSet<(&'static str, Result<(), HashError>)>,
    release: mpsc::Sender<()>,
}

impl Line {
    async fn before_an_occupied_thread(capacity: usize) -> Self {
        let number = |number| NonZeroUsize::new(number).expect("not zero");
        let queue = Arc::new(Queue::start(number(1), number(capacity)).expect("a thread"));
        let ((release, released), (started, has_started)) = (mpsc::channel(), oneshot::channel());
        let mut calls = JoinSet::new();
        let occupied = Arc::clone(&queue);
        calls.spawn(async move {
            let wait = move |_: &mut Vec<_>| {
                let _ = started.send(());
                let _ = released.recv();
            };
            ("occupied", occupied.run(Outbox, wait).await)
        });
        has_started.await.expect("it has a thread");
        Self { queue, served: Arc::default(), calls, release }
    }

    /// Comes, and waits in the queue when this returns.
    async fn join(&mut self, name: &'static str, who: HashFor) {
        let (queue, served) = (Arc::clone(&self.queue), Arc::clone(&self.served));
        let note = move |_: &mut Vec<_>| served.lock().expect("no panic under it").push(name);
        let mut job: Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(async move { queue.run(who, note).await });
        let outcome =
            std::future::poll_fn(|context| std::task::Poll::Ready(job.as_mut().poll(context)));
        match outcome.await {
            std::task::Poll::Ready(outcome) => self.calls.spawn(async move { (name, outcome) }),
            std::task::Poll::Pending => self.calls.spawn(async move { (name, job.await) }),
        };
    }

    /// The order in which they were served, and those that were refused.
    async fn served(self) -> (Vec<&'static str>, Vec<&'static str>) {
        drop(self.release);
        let mut refused = Vec::new();
        for (name, outcome) in self.calls.join_all().await {
            match outcome {
                Ok(()) => {}
                Err(HashError::Busy { .. }) => refused.push(name),
                Err(error) => panic!("{name}: {error}"),
            }
        }
        (std::mem::take(&mut self.served.lock().expect("no panic under it")), refused)
    }
}

#[tokio::test]
async fn a_flood_out_of_one_home_line_waits_for_itself() {
    let mut line = Line::before_an_occupied_thread(64).await;
    for number in 0..256 {
        line.join("flood", Stranger(Some(home(number)))).await;
    }
    line.join("neighbour", Stranger(Some(ip("2001:db8:1:4500::1")))).await;
    line.join("stranger", Stranger(Some(ip("2001:db8:9::1")))).await;
    line.join("by IPv4", Stranger(Some(ip("198.51.100.7")))).await;
    line.join("mail", Outbox).await;
    line.join("machine", Known(Some(ip("2001:db8:7::1")))).await;
    // A machine behind the flooding line itself.
    line.join("machine there", Known(Some(home(7)))).await;
    let (served, refused) = line.served().await;
    // The thread was occupied by a mail: three in a row, and it is a stranger's turn.
    let order = ["mail", "machine", "flood", "machine there", "stranger", "by IPv4", "neighbour"];
    assert_eq!(served[..7], order);
    assert!(refused.iter().all(|name| *name == "flood"), "{refused:?}");
    assert_eq!(served.len(), 48 + 3, "strangers have three quarters of the places");
}

#[tokio::test]
async fn strangers_get_every_fourth_turn_though_machines_never_stop() {
    let mut line = Line::before_an_occupied_thread(64).await;
    for _ in 0..16 {
        line.join("machine", Known(Some(ip("198.51.100.7")))).await;
    }
    for _ in 0..4 {
        line.join("stranger", Stranger(Some(ip("203.0.113.9")))).await;
    }
    let (served, refused) = line.served().await;
    assert!(refused.is_empty());
    for four in served[..16].chunks(4) {
        let strangers = four.iter().filter(|name| **name == "stranger").count();
        assert_eq!(strangers, 1, "{served:?}");
    }
}

/// A linked machine gets no place by flooding that another one would need.
#[tokio::test]
async fn among_machines_the_newest_job_of_the_network_with_the_most_makes_room() {
    let mut line = Line::before_an_occupied_thread(16).await;
    for _ in 0..10 {
        line.join("flood", Known(Some(ip("198.51.100.7")))).await;
    }
    line.join("machine", Known(Some(ip("203.0.113.9")))).await;
    line.join("mail", Outbox).await;
    let (served, refused) = line.served().await;
    assert_eq!(served, ["flood", "machine", "mail", "flood"]);
    assert_eq!(refused.len(), 8);
}

fn raw(server: &TestServer) -> AccountServiceClient<Channel> {
    let channel = Channel::from_shared(format!("http://{}", server.address)).expect("a URL");
    AccountServiceClient::new(channel.connect_lazy())
}

fn from<T>(ip: &str, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("x-forwarded-for", ip.parse().expect("a header"));
    request
}

/// The attack: wrong passwords from the 256 networks of one home line.
#[tokio::test(flavor = "multi_thread")]
async fn while_one_home_line_floods_a_linked_machine_and_a_newcomer_are_served_soon() {
    let options = TestServerOptions {
        hash_params: (32 * 1024, 2, 1),
        hash_threads: 1,
        hash_queue: 32,
        proxies: "127.0.0.1".parse().expect("an address"),
        ..Default::default()
    };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let refused = Arc::new(AtomicUsize::new(0));
    let (full, is_full) = oneshot::channel();
    let full = Arc::new(Mutex::new(Some(full)));
    let mut flood = JoinSet::new();
    for number in 0..100_usize {
        let (mut raw, refused, full) = (raw(&server), Arc::clone(&refused), Arc::clone(&full));
        flood.spawn(async move {
            let request = v1::RegisterExistingRequest {
                account_id: 4_000_000_000 + u32::try_from(number).expect("small"),
                secret: "pas le bon mot de passe".to_owned(),
                machine: Some(machine(7_000)),
            };
            let request = from(&format!("2001:db8:1:23{number:02x}::1"), request);
            let refusal = raw.register_existing(request).await.expect_err("it is wrong");
            let busy = Error::from(refusal).reason() == Some(ErrorReason::HashingBusy);
            if busy {
                refused.fetch_add(1, Ordering::Relaxed);
                if let Some(full) = full.lock().expect("no panic under it").take() {
                    let _ = full.send(());
                }
            }
        });
    }
    is_full.await.expect("the queue is full");
    let jobs = || server.accounts.hasher.jobs_done();
    let before = jobs();
    let city = v1::Account { city: "Nîmes".to_owned(), ..Default::default() };
    member.update(change(&["city"], city)).await;
    assert!(jobs() - before <= 4, "{} jobs before the machine's", jobs() - before);
    let before = jobs();
    let request = v1::RegisterExistingRequest {
        account_id: member.account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(2)),
    };
    let joined = raw(&server).register_existing(from("2001:db8:9::1", request)).await;
    joined.expect("the newcomer is linked");
    assert!(jobs() - before <= 4, "{} jobs before the newcomer's", jobs() - before);
    assert!(!flood.is_empty());
    flood.join_all().await;
    assert!(refused.load(Ordering::Relaxed) > 0);
    server.deliver_mail().await;
}

/// A caller that is displaced is told when to come again, and it counts as no try.
#[tokio::test]
async fn a_caller_that_makes_room_is_told_a_wait() {
    let mut line = Line::before_an_occupied_thread(4).await;
    for _ in 0..3 {
        line.join("flood", Stranger(Some(home(1)))).await;
    }
    line.join("newcomer", Stranger(Some(ip("198.51.100.7")))).await;
    let displaced = line.calls.join_next().await.expect("one has its answer").expect("no panic");
    let ("flood", Err(HashError::Busy { retry_after })) = displaced else {
        panic!("{displaced:?}");
    };
    assert!(!retry_after.is_zero());
    let (served, _) = line.served().await;
    assert_eq!(served, ["flood", "newcomer", "flood"]);
}

#[test]
fn a_queue_of_one_place_has_one_and_it_goes_to_the_known() {
    let stranger = |number: u8| Stranger(Some(IpAddr::from([192, 0, 2, number])));
    let known = Known(Some(IpAddr::from([198, 51, 100, 1])));
    let awaited = |_: &u8| true;
    let mut classes = Classes::new(NonZeroUsize::MIN);
    assert_eq!(classes.push(stranger(1), 1, awaited), Ok(None));
    assert_eq!(classes.push(known, 2, awaited), Ok(Some(1)), "the stranger makes room");
    assert_eq!(classes.push(stranger(2), 3, awaited), Err(3), "a stranger takes no place of it");
    assert_eq!(classes.push(Outbox, 4, awaited), Err(4), "nor do the known from each other");
    assert_eq!(classes.pop(), Some(2));
    assert_eq!(classes.pop(), None);
    // A place whose caller has gone is free.
    assert_eq!(classes.push(known, 5, awaited), Ok(None));
    assert_eq!(classes.push(stranger(1), 6, |item| *item != 5), Ok(None));
    assert_eq!(classes.pop(), Some(6));
    assert_eq!(classes.pop(), None);
}
