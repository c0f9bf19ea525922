//! A mail server whose name stands for several addresses.

use gestan_account_client::ClientOptions;
use gestan_account_tests::{
    SmtpPeer, creation,
    names::{DeadAddress, Names},
    process::{Home, ServerProcess},
};
use tokio::net::TcpListener;

const RELAY: &str = "relais.gestan.example";

async fn server(home: &Home, names: &Names, arguments: &[&str]) -> ServerProcess {
    let mut command = home.command();
    names.tell(&mut command);
    ServerProcess::start_as(command, home, arguments).await
}

async fn ask_for_a_mail(server: &ServerProcess) {
    let client = server.connect(ClientOptions::new()).await;
    client.create(creation(1)).await.expect("it is taken");
}

#[tokio::test]
async fn a_mail_gets_out_when_the_first_addresses_of_the_mail_server_do_not_answer() {
    let mut peer = SmtpPeer::start(&[]).await;
    let _dead = ["127.0.0.2", "127.0.0.3"].map(|ip| DeadAddress::at(ip, peer.port()));
    let names = Names::new(RELAY, &["127.0.0.2", "127.0.0.3", "127.0.0.1"]);
    let home = Home::new();
    let url = format!("smtp://{RELAY}:{}", peer.port());
    let server = server(&home, &names, &["--mail-url", &url]).await;
    ask_for_a_mail(&server).await;
    assert_eq!(peer.mail().await.to(), ["client1@exemple.fr"]);
    server.wait_for_log("mail sent").await;
    assert!(!server.log().contains("mail not sent for now"), "{}", server.log());
}

#[tokio::test]
async fn when_no_address_of_the_mail_server_answers_the_log_names_each() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let _dead = DeadAddress::at("127.0.0.2", port);
    let names = Names::new(RELAY, &["127.0.0.2", "127.0.0.3"]);
    let home = Home::new();
    let url = format!("smtp://{RELAY}:{port}");
    let server = server(&home, &names, &["--mail-url", &url, "--mail-timeout", "2s"]).await;
    ask_for_a_mail(&server).await;
    let told =
        format!("connection: 127.0.0.2:{port}: no answer; 127.0.0.3:{port}: connection refused");
    server.wait_for_log(&told).await;
}
