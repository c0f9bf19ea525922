//! When nothing is copied at all.

use super::*;

/// Refused, with these words; in one line.
async fn refused(home: &Home, from: &str, to: &str, words: &str) {
    let ended = copy(home, from, to).await;
    assert!(!ended.status.success(), "{from} → {to} is accepted");
    assert!(ended.log.contains(words), "{from} → {to}: {}", ended.log);
    assert_eq!(ended.printed, "");
}

async fn migrated(home: &Home, url: &str) {
    let migrate = ["--database-url", url, "migrate"];
    assert!(run_to_end(home.command().args(migrate)).await.status.success());
}

#[tokio::test]
async fn a_database_that_is_served_is_neither_read_nor_written() {
    let home = Home::on_sqlite();
    let cluster = Cluster::start(VOLATILE);
    let postgres = database(&cluster, "served");
    let other = url(&file(&home, "other.sqlite"));
    migrated(&home, &other).await;
    for served in [&postgres, &url(&file(&home, "served.sqlite"))] {
        let server = ServerProcess::start(&home, &["--database-url", served]).await;
        refused(&home, served, &url(&file(&home, "new.sqlite")), "is in use").await;
        refused(&home, &other, served, "is in use").await;
        server.kill().await;
    }
}

#[tokio::test]
async fn a_target_with_rows_is_not_touched() {
    let home = Home::on_sqlite();
    let [source, target] = ["source", "target"].map(|name| url(&file(&home, name)));
    migrated(&home, &source).await;
    migrated(&home, &target).await;
    let key = ["--database-url", &target, "support-key", "create", "Alice"];
    assert!(run_to_end(home.command().args(key)).await.status.success());
    refused(&home, &source, &target, "has rows in `support_key`").await;
    let db = Database::connect(&target).await.expect("a database");
    assert_eq!(count(&db, "SELECT count(*) FROM support_key").await, 1);
    let marks = "SELECT count(*) FROM sqlite_schema WHERE name = 'copy_progress'";
    assert_eq!(count(&db, marks).await, 0, "it is not marked as a copy");
    refused(&home, &target, &target, "is in use").await;
}

#[tokio::test]
async fn a_source_that_is_not_there_or_has_another_schema_is_refused() {
    let home = Home::on_sqlite();
    let missing = file(&home, "missing.sqlite");
    let target = file(&home, "target.sqlite");
    refused(&home, &url(&missing), &url(&target), "missing.sqlite").await;
    assert!(!missing.exists() && !target.exists(), "nothing is made");

    let source = url(&file(&home, "source.sqlite"));
    migrated(&home, &source).await;
    let db = Database::connect(&source).await.expect("a database");
    // Of a newer program, whose columns this one would lose.
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231', 0)";
    execute(&db, newer).await;
    db.close().await.expect("it closes");
    refused(&home, &source, &url(&target), "is not that of this program").await;
    for wrong in ["mysql://root:s3cr3t@localhost/x", "postgres://u:s3cr3t@[/x"] {
        refused(&home, wrong, &url(&target), "URL").await;
    }
    let nobody = "postgres://compte:s3cr3t@127.0.0.1:1/compte";
    refused(&home, nobody, &url(&target), "postgres://127.0.0.1:1/compte").await;
    assert!(!target.exists(), "nothing is made");
}
