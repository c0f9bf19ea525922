//! A DNS server on the loopback, over UDP and TCP, that answers what a test has written down.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use hickory_resolver::proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, CNAME, MX, TXT},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};

/// The longest answer over UDP that resolvers take today.
const LONGEST_OVER_UDP: usize = 1232;

/// What there is of one type at a name.
#[derive(Clone, Debug)]
enum Entry {
    Records(Vec<RData>),
    /// It is answered so.
    Fails(ResponseCode),
    /// It is not answered.
    Silent,
}

/// What a server answers. What is not written down does not exist.
#[derive(Clone, Debug, Default)]
pub struct Zone(HashMap<(Name, RecordType), Entry>);

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).expect("a name").to_lowercase()
}

impl Zone {
    /// A TXT record of one string.
    #[must_use]
    pub fn text(self, at: &str, text: &str) -> Self {
        self.texts(at, &[text])
    }

    /// A TXT record of several strings.
    #[must_use]
    pub fn texts(self, at: &str, strings: &[&str]) -> Self {
        let strings = strings.iter().map(|&string| string.to_owned()).collect();
        self.with(at, RecordType::TXT, RData::TXT(TXT::new(strings)))
    }

    /// An MX record; `.` is none.
    #[must_use]
    pub fn mx(self, at: &str, preference: u16, server: &str) -> Self {
        let server = if server == "." { Name::root() } else { name(server) };
        self.with(at, RecordType::MX, RData::MX(MX::new(preference, server)))
    }

    /// An address.
    #[must_use]
    pub fn address(self, at: &str) -> Self {
        self.with(at, RecordType::A, RData::A(A::new(192, 0, 2, 25)))
    }

    /// Another name for `target`.
    #[must_use]
    pub fn alias(self, at: &str, target: &str) -> Self {
        self.with(at, RecordType::CNAME, RData::CNAME(CNAME(name(target))))
    }

    /// A TXT question that is answered with this code.
    #[must_use]
    pub fn failing(mut self, at: &str, code: ResponseCode) -> Self {
        self.0.insert((name(at), RecordType::TXT), Entry::Fails(code));
        self
    }

    /// An MX question that is not answered.
    #[must_use]
    pub fn silent(mut self, at: &str) -> Self {
        self.0.insert((name(at), RecordType::MX), Entry::Silent);
        self
    }

    fn with(mut self, at: &str, kind: RecordType, data: RData) -> Self {
        match self.0.entry((name(at), kind)).or_insert(Entry::Records(Vec::new())) {
            Entry::Records(records) => records.push(data),
            entry => *entry = Entry::Records(vec![data]),
        }
        self
    }

    /// The answer to a question; none, if it is not to be answered.
    fn answer(&self, question: &[u8]) -> Option<Message> {
        let question = Message::from_vec(question).ok()?;
        let query = question.queries.first()?.clone();
        let mut answer = Message::response(question.metadata.id, OpCode::Query);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        let mut at = query.name().to_lowercase();
        while let Some(Entry::Records(aliases)) = self.0.get(&(at.clone(), RecordType::CNAME)) {
            let Some(RData::CNAME(target)) = aliases.first() else { break };
            answer.add_answer(Record::from_rdata(at, 60, RData::CNAME(target.clone())));
            at = target.0.to_lowercase();
        }
        match self.0.get(&(at.clone(), query.query_type())) {
            Some(Entry::Records(records)) => {
                for data in records {
                    answer.add_answer(Record::from_rdata(at.clone(), 60, data.clone()));
                }
            }
            Some(Entry::Fails(code)) => answer.metadata.response_code = *code,
            Some(Entry::Silent) => return None,
            None if self.0.keys().any(|(known, _)| *known == at) => {}
            None => answer.metadata.response_code = ResponseCode::NXDomain,
        }
        Some(answer)
    }
}

/// The server, until it is dropped.
#[derive(Debug)]
pub struct DnsServer {
    /// Where it is.
    pub address: SocketAddr,
    over_tcp: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl DnsServer {
    /// Serves a zone.
    pub async fn start(zone: Zone) -> Self {
        let (udp, tcp) = Self::bind().await;
        let address = udp.local_addr().expect("an address");
        let (zone, over_tcp) = (Arc::new(zone), Arc::new(AtomicUsize::new(0)));
        let mut serving = JoinSet::new();
        serving.spawn(over_udp(udp, Arc::clone(&zone)));
        let counted = Arc::clone(&over_tcp);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((connection, _)) = tcp.accept().await {
                let (zone, counted) = (Arc::clone(&zone), Arc::clone(&counted));
                connections.spawn(async move { over_stream(connection, &zone, &counted).await });
            }
        });
        Self { address, over_tcp, _serving: serving }
    }

    /// The same port for both.
    async fn bind() -> (UdpSocket, TcpListener) {
        for _ in 0..100 {
            let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
            let address = udp.local_addr().expect("an address");
            if let Ok(tcp) = TcpListener::bind(address).await {
                return (udp, tcp);
            }
        }
        panic!("no port is free for UDP and TCP");
    }

    /// How many questions came over TCP.
    #[must_use]
    pub fn asked_over_tcp(&self) -> usize {
        self.over_tcp.load(Ordering::Relaxed)
    }
}

async fn over_udp(socket: UdpSocket, zone: Arc<Zone>) {
    let mut question = [0; 4096];
    while let Ok((length, peer)) = socket.recv_from(&mut question).await {
        let Some(mut answer) = zone.answer(&question[..length]) else { continue };
        let mut bytes = answer.to_vec().expect("an answer");
        if bytes.len() > LONGEST_OVER_UDP {
            answer.metadata.truncation = true;
            answer.answers.clear();
            bytes = answer.to_vec().expect("an answer");
        }
        let _ = socket.send_to(&bytes, peer).await;
    }
}

async fn over_stream(mut peer: TcpStream, zone: &Zone, counted: &AtomicUsize) -> io::Result<()> {
    loop {
        let mut question = vec![0; usize::from(peer.read_u16().await?)];
        peer.read_exact(&mut question).await?;
        counted.fetch_add(1, Ordering::Relaxed);
        let Some(answer) = zone.answer(&question) else { continue };
        let bytes = answer.to_vec().expect("an answer");
        peer.write_u16(u16::try_from(bytes.len()).expect("64 KiB at most")).await?;
        peer.write_all(&bytes).await?;
    }
}
