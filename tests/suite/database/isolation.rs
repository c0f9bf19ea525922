//! A database whose transactions are isolated more than this program asks for.

use gestan_account_tests::{
    ledger::{Calls, Ledger},
    postgres::{Cluster, VOLATILE},
    process::{Home, ServerProcess},
};

const DATABASE: &str = "comptes";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_start_together_and_serve_whatever_isolation_is_the_default() {
    for level in ["repeatable read", "serializable"] {
        let cluster = Cluster::start(VOLATILE);
        cluster.execute("postgres", &format!("CREATE DATABASE {DATABASE}"));
        let default = format!("SET default_transaction_isolation = '{level}'");
        cluster.execute("postgres", &format!("ALTER DATABASE {DATABASE} {default}"));
        let home = Home::with_database(cluster.url(DATABASE));
        let start = || ServerProcess::start(&home, &[]);
        let servers = tokio::join!(start(), start(), start(), start());
        let servers = [&servers.0, &servers.1, &servers.2, &servers.3];
        let addresses = servers.map(|server| server.address).to_vec();
        let mut ledger = Ledger::open(Calls::Unrepeated, addresses, home.mail_folder(), 8);
        ledger.get_on(80).await;
        ledger.close_and_check(&cluster.url(DATABASE)).await;
        for server in servers {
            assert!(!server.log().contains(" ERROR "), "{level}: {}", server.log());
        }
    }
}
