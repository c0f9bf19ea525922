//! What people are told of their data.

use std::path::PathBuf;

use crate::reference::privacy_notice::{NoticeFiles, PrivacyNotice};

/// The company's own texts, in the place of those that this program brings along.
#[derive(clap::Args)]
#[command(next_help_heading = "Reference data")]
pub struct PrivacyNoticeSettings {
    /// File of the text that tells people what becomes of their data, before they open an account:
    /// UTF-8 without markup, at most 16 KiB. Read again on SIGHUP. Callers who ask for English get
    /// it, too, unless there is an English one.
    #[arg(long, env = "GESTAN_ACCOUNT_PRIVACY_NOTICE_FILE", value_name = "FILE")]
    privacy_notice_file: Option<PathBuf>,

    /// File of the same text in English.
    #[arg(long, env = "GESTAN_ACCOUNT_PRIVACY_NOTICE_FILE_EN", value_name = "FILE")]
    privacy_notice_file_en: Option<PathBuf>,
}

impl PrivacyNoticeSettings {
    /// The notice.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn privacy_notice(&self) -> anyhow::Result<PrivacyNotice> {
        let (french, english) =
            (self.privacy_notice_file.clone(), self.privacy_notice_file_en.clone());
        Ok(PrivacyNotice::load(NoticeFiles { french, english })?)
    }
}
