//! Agents of the support desk who search, read and diagnose all the time. A call that fails because
//! of a fault is made again; one that is refused for another reason ends the soak.

use std::{collections::BTreeMap, fmt, net::SocketAddr, time::Duration};

use gestan_account_proto::support::v1::{
    DiagnoseAccountRequest, FindAccountsRequest, GetAccountRequest, ListEventsRequest,
    ListRefusedRecipientsRequest, support_service_client::SupportServiceClient,
};
use gestan_account_tests::Bearer;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{interval, sleep},
};
use tonic::{Code, Status, service::interceptor::InterceptedService, transport::Channel};

type Client = SupportServiceClient<InterceptedService<Channel, Bearer>>;

/// Agents side by side.
const AGENTS: usize = 3;

/// The agents at work.
pub(crate) struct Desks {
    is_open: watch::Sender<bool>,
    at_work: JoinSet<Counts>,
}

/// What was answered, and how often a fault came between.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    answered: BTreeMap<&'static str, u64>,
    lost: u64,
}

impl Desks {
    pub(crate) fn open(servers: &[SocketAddr], key: &str) -> Self {
        let is_open = watch::Sender::new(true);
        let mut at_work = JoinSet::new();
        for agent in 0..AGENTS {
            let address = servers[agent % servers.len()];
            let endpoint = Channel::from_shared(format!("http://{address}")).expect("a URL");
            let channel = endpoint.timeout(Duration::from_secs(30)).connect_lazy();
            let bearer = Bearer { token: Some(key.to_owned()), language: None };
            let client = SupportServiceClient::with_interceptor(channel, bearer);
            at_work.spawn(work(client, is_open.subscribe()));
        }
        Self { is_open, at_work }
    }

    pub(crate) async fn close(mut self) -> Counts {
        self.is_open.send_replace(false);
        let mut all = Counts::default();
        while let Some(ended) = self.at_work.join_next().await {
            let counts = ended.expect("no agent is in trouble");
            all.lost += counts.lost;
            for (rpc, answered) in counts.answered {
                *all.answered.entry(rpc).or_default() += answered;
            }
        }
        all
    }
}

async fn work(mut client: Client, is_open: watch::Receiver<bool>) -> Counts {
    let mut counts = Counts::default();
    // A person, but a quick one: some calls a second.
    let mut pace = interval(Duration::from_millis(100));
    for turn in 0_u32.. {
        if !*is_open.borrow() {
            break;
        }
        pace.tick().await;
        // Of the accounts that are there since the beginning.
        let account_id = 1 + turn % 3;
        let (rpc, outcome): (_, Result<(), Status>) = match turn % 5 {
            0 => {
                let query = format!("client{}", turn % 60);
                let request = FindAccountsRequest { query, ..Default::default() };
                ("FindAccounts", client.find_accounts(request).await.map(drop))
            }
            1 => {
                let request = GetAccountRequest { account_id };
                ("GetAccount", client.get_account(request).await.map(drop))
            }
            2 => {
                let request = DiagnoseAccountRequest { account_id, ..Default::default() };
                ("DiagnoseAccount", client.diagnose_account(request).await.map(drop))
            }
            3 => {
                let request = ListEventsRequest { account_id, ..Default::default() };
                ("ListEvents", client.list_events(request).await.map(drop))
            }
            _ => {
                let request = ListRefusedRecipientsRequest::default();
                ("ListRefusedRecipients", client.list_refused_recipients(request).await.map(drop))
            }
        };
        match outcome {
            Ok(()) => *counts.answered.entry(rpc).or_default() += 1,
            Err(status) => {
                let by_fault = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled];
                let by_fault = by_fault.contains(&status.code())
                    // tonic's own word for a connection that broke.
                    || (status.code() == Code::Unknown && status.message().contains("transport"))
                    || status.message().contains("h2 protocol error");
                assert!(by_fault, "{rpc}: {status:?}");
                counts.lost += 1;
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    counts
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the desk, answered: {:?}; lost to faults: {}", self.answered, self.lost)
    }
}
