//! `doctor`: looks at whatever the server needs, by the very builders that `serve` uses, and
//! says what to do about what it finds. It makes no database, no folder, and changes nothing but
//! a heartbeat, by which it proves that the database keeps what is written.

mod database;
mod finding;
mod machine;
mod mail;
mod outgoing;
mod sender;

use std::net::SocketAddr;

use anyhow::{anyhow, bail};

use self::{finding::Finding, sender::SenderFlags};
use super::Serve;
use crate::{
    clock::{Clock as _, SystemClock},
    domain::email_address::EmailAddress,
    settings::database::close,
};

/// The settings of `doctor`: those of `serve`.
#[derive(clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    serve: Serve,

    /// Send a test mail to this address, too.
    #[arg(long, value_name = "ADDRESS")]
    send_to: Option<String>,

    #[command(flatten)]
    sender: SenderFlags,

    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Looks at everything, and prints what it finds, a line each.
    ///
    /// # Errors
    /// When there is a problem, after all are printed.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub async fn run(&self) -> anyhow::Result<()> {
        let send_to = self.send_to.as_deref().map(EmailAddress::parse).transpose();
        let send_to = send_to.map_err(|_| anyhow!("--send-to is no e-mail address"))?;
        let dns = self.sender.server()?;
        let findings = self.examine(send_to.as_ref(), dns).await;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&findings)?);
        } else {
            for finding in &findings {
                println!("{}", finding.line());
            }
        }
        match findings.iter().filter(|finding| finding.is_problem()).count() {
            0 => Ok(()),
            1 => bail!("there is a problem"),
            problems => bail!("there are {problems} problems"),
        }
    }

    async fn examine(
        &self,
        send_to: Option<&EmailAddress>,
        dns: Option<SocketAddr>,
    ) -> Vec<Finding> {
        let (serve, now) = (&self.serve, SystemClock::start().now());
        let mut findings = Vec::new();
        machine::settings(serve, &mut findings);
        machine::certificates(serve, now, &mut findings);
        let db = database::examine(&serve.database, now, &mut findings).await;
        if let Some(db) = db {
            findings.push(machine::clock(&db).await);
            findings.push(mail::stuck(&db, now).await);
            outgoing::stuck_events(&serve.webhook, &db, now, &mut findings).await;
            close(db).await;
        }
        mail::examine(&serve.mail, send_to, now, &mut findings).await;
        // On the heap: a question to DNS holds much across its waits.
        Box::pin(sender::examine(&serve.mail, &self.sender, dns, &mut findings)).await;
        Box::pin(outgoing::receiver(&serve.webhook, &mut findings)).await;
        Box::pin(outgoing::collector(&serve.traces, &mut findings)).await;
        machine::limits(serve, &mut findings);
        findings
    }
}
