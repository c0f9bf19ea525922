//! What is searched for, and where.

use gestan_account_tests::process::Home;

/// Texts that somebody typed or was given.
#[derive(Default)]
pub(super) struct Evidence {
    /// May be stored, never logged.
    personal: Vec<(String, String)>,
    /// May neither be stored nor logged.
    secret: Vec<(String, String)>,
}

impl Evidence {
    pub(super) fn add_personal(&mut self, kind: &str, text: &str) {
        self.personal.push((kind.to_owned(), text.to_owned()));
    }

    pub(super) fn add_secret(&mut self, kind: &str, text: &str) {
        assert!(text.len() >= 10, "{kind} is too short to be searched for: {text:?}");
        self.secret.push((kind.to_owned(), text.to_owned()));
    }

    pub(super) fn assert_not_logged(&self, log: &str) {
        let log = log.to_lowercase();
        for (kind, text) in self.personal.iter().chain(&self.secret) {
            for form in forms(text) {
                let line = log.lines().find(|line| line.contains(&form));
                assert_eq!(line, None, "{kind} is in the log, as {form:?}");
            }
        }
    }

    pub(super) fn assert_not_stored(&self, home: &Home) {
        let files = database_files(home);
        for (kind, text) in &self.secret {
            for form in forms(text) {
                for contents in &files {
                    assert!(!contents.contains(&form), "{kind} is stored as {form:?}");
                }
            }
        }
    }

    /// That the search finds what is there.
    #[expect(clippy::unused_self, reason = "the counterpart of the others")]
    pub(super) fn assert_stored(&self, home: &Home, text: &str) {
        let files = database_files(home);
        let found =
            forms(text).iter().any(|form| files.iter().any(|contents| contents.contains(form)));
        assert!(found, "{text} is not found where it must be");
    }
}

/// How a text may be written, whatever the case: as it is, or without what
/// separates its parts.
fn forms(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let mut forms = vec![text.clone(), text.replace('-', ""), text.replace(' ', "")];
    // A token without its kind.
    if let Some((_, rest)) = text.rsplit_once('_').filter(|(_, rest)| rest.len() >= 20) {
        forms.push(rest.to_owned());
    }
    forms
}

/// The files of the database; all that is text, in lower case.
fn database_files(home: &Home) -> Vec<String> {
    let files = home.database_files();
    files.iter().map(|bytes| String::from_utf8_lossy(bytes).to_lowercase()).collect()
}
