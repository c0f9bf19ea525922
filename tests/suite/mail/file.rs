//! Mails that are written into files.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use gestan_account_server::mail::{
    mailer::{Envelope, Mailer, MailerError, SendError, SmtpOptions},
    message::Message,
};
use gestan_account_tests::{TestServer, TestServerOptions, mailer, text};
use jiff::SignedDuration;
use tempfile::TempDir;

fn envelope(message_id: &str) -> Envelope {
    Envelope {
        message_id: message_id.to_owned(),
        to: "marie@exemple.fr".to_owned(),
        date: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_545_725),
        message: Message {
            language: "fr",
            subject: "Votre code personnel : été".to_owned(),
            reply_to: None,
            text: "Bonjour é\n\n    CODE-CODE-CODE\n.\nfin".to_owned(),
            html: "<p>Bonjour é</p>".to_owned(),
        },
        code: None,
    }
}

fn file_mailer(folder: &Path) -> Mailer {
    mailer(&format!("file:{}", folder.display()))
}

/// Every file in a folder, hidden ones too.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn names(folder: &Path) -> Vec<String> {
    files(folder)
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_folder_is_made_and_only_its_owner_reads_in_it() {
    let temporary = TempDir::new().unwrap();
    let folder = temporary.path().join("a/mails");
    let mailer = file_mailer(&folder);
    assert_eq!(mode(&folder), 0o700);
    mailer.send(&envelope("1@gestan.example")).await.unwrap();
    let [file] = &files(&folder)[..] else { panic!("{:?}", files(&folder)) };
    assert_eq!(mode(file), 0o600);
    // It is made again when somebody has tidied it away.
    fs::remove_dir_all(&folder).unwrap();
    mailer.send(&envelope("2@gestan.example")).await.unwrap();
    assert_eq!(files(&folder).len(), 1);
}

#[tokio::test]
async fn a_file_is_never_replaced() {
    let temporary = TempDir::new().unwrap();
    let mailer = file_mailer(temporary.path());
    fs::write(temporary.path().join("20261124T184205-0195-77aa_1.eml"), "mine").unwrap();
    let sends = (0..5).map(|_| {
        let mailer = mailer.clone();
        tokio::spawn(async move { mailer.send(&envelope("0195-77aa.1@gestan.example")).await })
    });
    for sent in sends.collect::<Vec<_>>() {
        sent.await.unwrap().unwrap();
    }
    let mut expected = vec!["20261124T184205-0195-77aa_1.eml".to_owned()];
    expected.extend((2..=6).map(|number| format!("20261124T184205-0195-77aa_1-{number}.eml")));
    expected.sort();
    assert_eq!(names(temporary.path()), expected);
    let first = fs::read_to_string(temporary.path().join("20261124T184205-0195-77aa_1.eml"));
    assert_eq!(first.unwrap(), "mine");
}

#[tokio::test]
async fn a_message_id_cannot_lead_out_of_the_folder() {
    let temporary = TempDir::new().unwrap();
    let folder = temporary.path().join("mails");
    file_mailer(&folder).send(&envelope("../../x/.y@gestan.example")).await.unwrap();
    assert_eq!(names(&folder), ["20261124T184205-______x__y.eml"]);
    assert_eq!(names(temporary.path()), ["mails"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_appears_whole_or_not_at_all() {
    let temporary = TempDir::new().unwrap();
    let mailer = file_mailer(temporary.path());
    let done = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (folder, done) = (temporary.path().to_owned(), Arc::clone(&done));
        std::thread::spawn(move || {
            let mut seen = 0;
            while !done.load(Ordering::Relaxed) {
                for file in fs::read_dir(&folder).unwrap() {
                    let path = file.unwrap().path();
                    if path.extension().is_some_and(|extension| extension == "eml") {
                        let mail = fs::read_to_string(&path).unwrap();
                        assert!(mail.ends_with("--\r\n"), "{}: {mail:?}", path.display());
                        seen += 1;
                        let _ = fs::remove_file(path);
                    }
                }
            }
            seen
        })
    };
    // Small ones, and many: the moment to be caught is short.
    for number in 0..600 {
        mailer.send(&envelope(&format!("{number}@gestan.example"))).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    assert!(watcher.join().unwrap() > 100, "the watcher saw files come");
}

#[tokio::test]
async fn a_file_holds_the_mail_as_it_would_be_sent() {
    let temporary = TempDir::new().unwrap();
    file_mailer(temporary.path()).send(&envelope("1@gestan.example")).await.unwrap();
    let mail = fs::read_to_string(&files(temporary.path())[0]).unwrap();
    for header in [
        "From: Gestan <compte@gestan.example>\r\n",
        "To: marie@exemple.fr\r\n",
        "Message-ID: <1@gestan.example>\r\n",
        "Date: Tue, 24 Nov 2026 18:42:05 +0000\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Language: fr\r\n",
        "Content-Type: multipart/alternative;",
    ] {
        assert!(mail.contains(header), "{header:?} in {mail}");
    }
    assert!(mail.contains("CODE-CODE-CODE"), "{mail}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_keeps_the_mail_queued() {
    let temporary = TempDir::new().unwrap();
    let folder = temporary.path().join("mails");
    let mailer = file_mailer(&folder);
    let options = TestServerOptions { mailer: Some(mailer.clone()), ..Default::default() };
    let server = TestServer::start_with(options).await;
    // A file where the folder should be: nobody can write there, not even root.
    fs::remove_dir(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    let refused = mailer.send(&envelope("1@gestan.example")).await.unwrap_err();
    let SendError::Temporary { detail, definite: true } = refused else { panic!("{refused:?}") };
    assert!(detail.starts_with("file: "), "{detail}");

    server.create("jeanne@exemple.fr", 1).await;
    server.deliver_mail().await;
    let fate = "SELECT state || ' ' || attempts FROM outbox_mail";
    assert_eq!(text(server.db(), fate).await.as_deref(), Some("pending 1"));
    fs::remove_file(&folder).unwrap();
    server.advance(SignedDuration::from_secs(5));
    server.deliver_mail().await;
    assert_eq!(text(server.db(), fate).await.as_deref(), Some("sent 2"));
    let mail = fs::read_to_string(&files(&folder)[0]).unwrap();
    assert!(mail.contains("\r\nTo: jeanne@exemple.fr\r\n"), "{mail}");
}

#[test]
fn a_folder_that_cannot_be_made_is_found_when_the_server_starts() {
    let temporary = TempDir::new().unwrap();
    let file = temporary.path().join("file");
    fs::write(&file, "").unwrap();
    let url = format!("file:{}/mails", file.display());
    let error = Mailer::from_url(&url, "a@b.example", &SmtpOptions::default()).unwrap_err();
    assert!(matches!(&error, MailerError::Folder { .. }), "{error:?}");
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}
