//! A database that cannot hold every letter is refused when a server starts, and not when a
//! customer comes whose name has one.

use gestan_account_tests::{
    postgres::{Cluster, VOLATILE},
    process::{Home, run_to_end},
};

#[tokio::test]
async fn a_database_that_is_not_utf8_is_refused_by_name() {
    let cluster = Cluster::start(VOLATILE);
    for encoding in ["LATIN1", "LATIN9", "WIN1252", "SQL_ASCII"] {
        let name = encoding.to_lowercase();
        cluster.execute(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}'"),
        );
        let home = Home::with_database(cluster.url(&name));
        for command in ["serve", "migrate"] {
            let ended = run_to_end(home.command().arg(command)).await;
            assert!(!ended.status.success(), "{encoding}");
            let words = format!("the database `{name}` has the encoding {encoding}");
            assert!(ended.log.contains(&words), "{}", ended.log);
            assert!(ended.log.contains("ENCODING 'UTF8'"), "{}", ended.log);
        }
        let tables =
            cluster.query(&name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
        assert_eq!(tables.trim(), "0", "nothing is changed");
    }
}
