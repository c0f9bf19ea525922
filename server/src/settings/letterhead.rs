//! What every mail says of the company that sends it.

use anyhow::anyhow;

use crate::{
    domain::{email_address::EmailAddress, violation::Problem},
    mail::message::{Letterhead, SupportPhone},
};

/// The sender's own texts, all of which may be left out.
#[derive(clap::Args)]
#[command(next_help_heading = "Mail")]
pub struct LetterheadSettings {
    /// Company that every mail names as its sender.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_COMPANY", value_name = "TEXT")]
    mail_company: Option<String>,

    /// Postal address of the company, on one line, in every mail.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_ADDRESS", value_name = "TEXT")]
    mail_address: Option<String>,

    /// Legal line at the end of every mail: legal form, capital, registration.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_LEGAL_LINE", value_name = "TEXT")]
    mail_legal_line: Option<String>,

    /// Address that answers to a mail go to (`Reply-To`). Without it mails ask for no answer.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_REPLY_TO", value_name = "ADDRESS")]
    mail_reply_to: Option<String>,

    /// Telephone number of the support desk, wherever a mail says to call it: digits and spaces.
    #[arg(long, env = "GESTAN_ACCOUNT_SUPPORT_PHONE", value_name = "NUMBER")]
    support_phone: Option<String>,

    /// E-mail address of the support desk, in every mail.
    #[arg(long, env = "GESTAN_ACCOUNT_SUPPORT_EMAIL", value_name = "ADDRESS")]
    support_email: Option<String>,
}

impl LetterheadSettings {
    /// What every mail says of its sender.
    ///
    /// # Errors
    /// When a text cannot stand in a mail.
    pub fn letterhead(&self) -> anyhow::Result<Letterhead> {
        Ok(Letterhead {
            company: told("company", Letterhead::line(given(self.mail_company.as_ref())))?,
            address: told("postal address", Letterhead::line(given(self.mail_address.as_ref())))?,
            legal_line: told("legal line", Letterhead::line(given(self.mail_legal_line.as_ref())))?,
            support_phone: optional(
                "support telephone",
                SupportPhone::parse(given(self.support_phone.as_ref())),
            )?,
            support_email: optional(
                "support address",
                EmailAddress::parse(given(self.support_email.as_ref())),
            )?,
            reply_to: optional(
                "reply-to address",
                EmailAddress::parse(given(self.mail_reply_to.as_ref())),
            )?,
        })
    }
}

fn given(setting: Option<&String>) -> &str {
    setting.map_or("", String::as_str)
}

/// A value that may be left out: one that is empty is.
fn optional<T>(name: &str, parsed: Result<T, Problem>) -> anyhow::Result<Option<T>> {
    match parsed {
        Err(Problem::Required) => Ok(None),
        parsed => told(name, parsed).map(Some),
    }
}

fn told<T>(name: &str, parsed: Result<T, Problem>) -> anyhow::Result<T> {
    parsed.map_err(|problem| {
        let why = match problem {
            Problem::TooLong { max } => format!("is longer than {max} characters"),
            Problem::ControlCharacter => "holds a line break or another control character".into(),
            Problem::InvalidPhone => "must be digits and spaces, perhaps after a +".into(),
            Problem::InvalidEmail => "must be an address, such as assistance@gestan.example".into(),
            _ => "cannot stand in a mail".to_owned(),
        };
        anyhow!("the mails' {name} {why}")
    })
}
