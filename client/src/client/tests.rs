//! What a call does when there is no server, or one that breaks the connection
//! once it has the request. All else is tested against the real server.

use std::sync::atomic::{AtomicU32, Ordering};

use gestan_account_proto::v1::Account;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

/// An empty HTTP/2 SETTINGS frame.
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

fn options() -> ClientOptions {
    ClientOptions::new().back_off(Duration::from_millis(1), Duration::from_millis(1))
}

/// A server that hangs up on every request; the number counts its connections.
async fn hanging_up() -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                stream.write_all(&SETTINGS).await.unwrap();
                let mut seen = Vec::new();
                // The path is Huffman-coded, but gRPC's `te: trailers` and the
                // version of the user agent make the request longer than 200.
                while seen.len() < 200 && stream.read_buf(&mut seen).await.unwrap() > 0 {}
            });
        }
    });
    (url, count)
}

#[tokio::test]
async fn a_call_without_a_server_fails_as_transport() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);

    assert!(matches!(Client::connect(&url, options()).await, Err(Error::Transport(_))));

    let client = Client::connect_lazy(&url, options()).unwrap();
    // Spawned, so that a call whose future is not Send does not compile.
    let call = tokio::spawn(async move { client.get(GetRequest::default()).await });
    assert!(matches!(call.await.unwrap(), Err(Error::Transport(_))));
}

#[tokio::test]
async fn a_broken_connection_is_made_anew_where_a_repeat_is_harmless() {
    let (url, connections) = hanging_up().await;
    let client = Client::connect_lazy(&url, options()).unwrap();
    assert!(matches!(client.get(GetRequest::default()).await, Err(Error::Transport(_))));
    assert_eq!(connections.load(Ordering::Relaxed), 4);

    let (url, connections) = hanging_up().await;
    let client = Client::connect_lazy(&url, options()).unwrap();
    let account = Account { etag: "7".into(), ..Default::default() };
    let update = UpdateRequest { account: Some(account), ..Default::default() };
    assert!(matches!(client.update(update).await, Err(Error::Transport(_))));
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_silent_server_is_left_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::connect_lazy(&url, options().deadline(Duration::from_millis(50))).unwrap();
    assert!(matches!(client.get(GetRequest::default()).await, Err(Error::Deadline)));
}
