//! The mails in French.
//!
//! The readers are shopkeepers: short sentences, the words of Gestan's own screens, "vous". Texts
//! are written with ordinary spaces; [`set`] puts in the no-break ones that French typography
//! asks for. No mail may hold a link, and no subject a text that a person typed.

mod with_code;
mod without_code;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    CodeMail, Content,
    letter::{self, Block, Fact, Letter},
    moment,
};

const OPEN_WINDOW: &str = "Dans Gestan, ouvrez le menu « ? », puis « Compte client ».";

/// The letter for a content.
pub(super) fn letter(content: &Content, zone: &TimeZone) -> Letter {
    match content {
        Content::OpenAccount(code) => with_code::open_account(code, zone),
        Content::AccountExists { account_id, code } => {
            with_code::account_exists(*account_id, code, zone)
        }
        Content::PersonalCode { account_id, code } => {
            with_code::personal_code(*account_id, code, zone)
        }
        Content::ConfirmEmail { account_id, code } => {
            with_code::confirm_email(*account_id, code, zone)
        }
        Content::NoAccount { machine, request_time } => {
            without_code::no_account(machine, *request_time, zone)
        }
        Content::EmailTaken { machine, request_time } => {
            without_code::email_taken(machine, *request_time, zone)
        }
        Content::Welcome { account_id, machine, time } => {
            without_code::welcome(*account_id, machine, *time, zone)
        }
        Content::PasswordChanged { account_id, machine, machine_linked, detached, time } => {
            let linked = machine_linked.then_some(detached);
            without_code::password_changed(*account_id, machine, linked, *time, zone)
        }
        Content::EmailChangeRequested { account_id, new_email_masked, machine, time } => {
            without_code::email_change_requested(
                *account_id,
                new_email_masked,
                machine,
                *time,
                zone,
            )
        }
        Content::EmailChanged { account_id, new_email_masked, time } => {
            without_code::email_changed(*account_id, new_email_masked, *time, zone)
        }
        Content::MachineLinked { account_id, machine, detached, time } => {
            without_code::machine_linked(*account_id, machine, detached, *time, zone)
        }
    }
}

/// The words that open a letter; its blocks and its reason follow.
fn open(subject: &str, preheader: &str, title: &str, blocks: Vec<Block>, reason: &str) -> Letter {
    Letter {
        language: "fr",
        subject: set(subject),
        preheader: set(preheader),
        title: set(title),
        blocks,
        footer: vec![
            set("Ceci est un message automatique : merci de ne pas y répondre."),
            set(reason),
        ],
        colon: "\u{a0}:",
    }
}

fn typed_in_gestan() -> &'static str {
    "Vous le recevez parce que cette adresse a été saisie dans Gestan, fenêtre « Compte client »."
}

fn address_of(account_id: u32) -> String {
    format!("Vous le recevez parce que cette adresse est celle du compte client {account_id}.")
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(set(text))
}

fn id_box(account_id: u32) -> Block {
    Block::AccountId { label: "Votre ID client".to_owned(), value: account_id.to_string() }
}

fn code_box(code: &CodeMail) -> Block {
    Block::Code { label: "Votre code personnel".to_owned(), value: code.code.clone() }
}

fn code_facts(code: &CodeMail, zone: &TimeZone) -> Block {
    Block::Facts(vec![
        machine_fact("Demandé par le poste", &code.machine),
        time_fact("Demandé le", code.request_time, zone),
        time_fact("Valable jusqu’au", code.expire_time, zone),
    ])
}

fn id_fact(account_id: u32) -> Fact {
    Fact { label: "ID client".to_owned(), value: account_id.to_string() }
}

fn machine_fact(label: &str, machine: &str) -> Fact {
    Fact { label: label.to_owned(), value: letter::machine_name(machine, "(poste sans nom)") }
}

fn email_fact(masked: &str) -> Fact {
    Fact { label: "Nouvelle adresse".to_owned(), value: masked.to_owned() }
}

fn time_fact(label: &str, time: Timestamp, zone: &TimeZone) -> Fact {
    Fact { label: label.to_owned(), value: moment::french(time, zone) }
}

fn steps(lead: &str, items: &[&str]) -> Block {
    Block::Steps { lead: set(lead), items: items.iter().map(|item| set(item)).collect() }
}

fn notice(title: &str, text: &str) -> Block {
    Block::Notice { title: set(title), text: set(text) }
}

fn never_asked() -> Block {
    notice(
        "Ne donnez ce code à personne",
        "Notre assistance ne vous le demandera jamais : votre ID client lui suffit. Ne tapez ce \
         code que dans Gestan.",
    )
}

fn not_asked_for(then: &str) -> Block {
    notice("Vous n’avez rien demandé ?", &format!("Ignorez simplement ce message : {then}"))
}

/// What to do when a stranger is at work; the code comes to the address that reads this.
fn take_back() -> Block {
    steps(
        "Ce n’était pas vous ? Reprenez la main tout de suite :",
        &[
            OPEN_WINDOW,
            "Cliquez sur le bouton qui envoie un code personnel : il arrive à cette adresse.",
            "Tapez ce code sur l’écran « Confirmer », choisissez un nouveau mot de passe et cochez \
             la case qui détache les autres postes.",
            "Appelez l’assistance Gestan et donnez votre ID client.",
        ],
    )
}

/// Sets a text by the rules of French typography: no line breaks before `; ! ? : »`, nor after `«`.
fn set(text: &str) -> String {
    text.replace("« ", "«\u{a0}")
        .replace(" »", "\u{a0}»")
        .replace(" :", "\u{a0}:")
        .replace(" ;", "\u{202f};")
        .replace(" !", "\u{202f}!")
        .replace(" ?", "\u{202f}?")
}
