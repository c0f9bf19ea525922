//! No part of a URL's values is told by anybody, the driver included.

use gestan_account_tests::process::{Home, run_to_end};

#[tokio::test]
async fn a_url_is_refused_by_the_name_of_its_key_and_no_value_is_told() {
    for (url, word) in [
        ("postgres://u:s3cr3t@127.0.0.1/n?sslpassword=s3cr3t", "the key `sslpassword`"),
        ("postgres://u:s3cr3t@127.0.0.1/n?sslmode=s3cr3t", "`sslmode` is none"),
        ("postgres://u:s3cr3t@127.0.0.1/n?sslrootcert=/s3cr3t", "`sslrootcert`"),
        ("postgres://u:s3cr3t@127.0.0.1/n?port=s3cr3t", "its URL is wrong"),
        // A password that was not encoded.
        ("postgres://u:pass?s3cr3t=@127.0.0.1/n", "%3F"),
        ("postgres://u@v:1?s3cr3t=s3cr3t@127.0.0.1/n", "a key, which means nothing"),
        ("postgres://u:pass/s3cr3t@127.0.0.1/n", "its URL is wrong"),
        ("postgres://u:pass#s3cr3t@127.0.0.1/n", "its URL is wrong"),
    ] {
        let home = Home::with_database(url.to_owned());
        for level in ["info", "trace"] {
            let mut command = home.command();
            command.arg("migrate").env("GESTAN_ACCOUNT_LOG", level);
            let ended = run_to_end(&mut command).await;
            assert!(!ended.status.success(), "{url}");
            assert!(ended.log.contains(word), "{url}: {}", ended.log);
            assert!(!ended.log.contains("s3cr3t"), "{url}: {}", ended.log);
        }
        let to = ["copy", "--from", "sqlite:nowhere", "--to", url];
        let ended = run_to_end(home.command().args(to)).await;
        assert!(!ended.log.contains("s3cr3t"), "{url}: {}", ended.log);
    }
}
