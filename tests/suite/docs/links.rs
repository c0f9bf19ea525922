//! The documents name each other, and files, where they are.

use std::path::Path;

use gestan_account_tests::process::workspace;

use super::{documents, read};

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    for document in documents() {
        let path = workspace().join(&document);
        let folder = path.parent().expect("a folder");
        let text = without_code(&read(&path));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (target, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if target.is_empty() { path.clone() } else { folder.join(target) };
            assert!(target.exists(), "{document} links to {link}");
            assert!(has_heading(&target, heading), "{document} links to {link}: no such heading");
        }
    }
}

/// A document without its blocks of code, in which brackets mean something else.
fn without_code(text: &str) -> String {
    let parts = text.split("\n```").step_by(2);
    parts.flat_map(|part| [part, "\n"]).collect()
}

/// Whether a document has the heading that is linked as `#anchor`, if one is.
fn has_heading(document: &Path, anchor: &str) -> bool {
    let found = || read(document).lines().filter_map(as_anchor).any(|heading| heading == anchor);
    anchor.is_empty() || found()
}

/// The anchor of a heading, as GitHub and GitLab make it.
fn as_anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}
