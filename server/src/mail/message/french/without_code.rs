//! The French mails without a code: answers, the welcome, and the security notices.
//!
//! A security notice says what happened, from which machine and when, and what to do if it was
//! not the reader.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Block, Fact, Letter, OPEN_WINDOW, address_of, email_fact, id_box, id_fact, machine_fact,
    not_asked_for, notice, open, paragraph, steps, take_back, time_fact, typed_in_gestan,
};
use crate::mail::letter::Detached;

pub(super) fn no_account(machine: &str, time: Timestamp, zone: &TimeZone) -> Letter {
    open(
        "Aucun compte client Gestan à cette adresse",
        "Un code personnel a été demandé, mais cette adresse n’a pas de compte client.",
        "Aucun compte à cette adresse",
        vec![
            paragraph("Bonjour,"),
            paragraph(
                "Un code personnel a été demandé pour cette adresse, mais elle n’est celle d’aucun \
                 compte client Gestan.",
            ),
            paragraph(
                "Votre compte a peut-être une autre adresse : recommencez avec celle-là, ou avec \
                 votre ID client.",
            ),
            steps(
                "Pas encore de compte ? Pour en ouvrir un :",
                &[
                    OPEN_WINDOW,
                    "Choisissez « Enregistrer un compte » et tapez votre adresse de courriel.",
                    "Un code personnel vous arrive aussitôt : tapez-le sur l’écran « Confirmer ».",
                ],
            ),
            Block::Facts(vec![
                machine_fact("Demandé par le poste", machine),
                time_fact("Demandé le", time, zone),
            ]),
            not_asked_for("rien n’a été ouvert ni changé."),
        ],
        typed_in_gestan(),
    )
}

pub(super) fn email_taken(machine: &str, time: Timestamp, zone: &TimeZone) -> Letter {
    open(
        "Cette adresse a déjà son compte client Gestan",
        "Elle ne peut pas servir à un autre compte. Rien n’a changé.",
        "Cette adresse a déjà son compte",
        vec![
            paragraph("Bonjour,"),
            paragraph(
                "Quelqu’un a voulu donner cette adresse à un autre compte client Gestan. Ce n’est \
                 pas possible, car elle a déjà son propre compte. Rien n’a changé.",
            ),
            Block::Facts(vec![
                machine_fact("Demandé par le poste", machine),
                time_fact("Demandé le", time, zone),
            ]),
            notice(
                "C’était vous ?",
                "Une entreprise n’a besoin que d’un compte, quel que soit le nombre de ses postes \
                 : sur ce poste, choisissez « Enregistrer un compte existant ». Pour garder deux \
                 comptes, donnez à l’autre une adresse différente.",
            ),
            not_asked_for("votre compte, son adresse et son mot de passe restent les mêmes."),
        ],
        typed_in_gestan(),
    )
}

pub(super) fn welcome(account_id: u32, machine: &str, time: Timestamp, zone: &TimeZone) -> Letter {
    open(
        "Bienvenue : votre compte client Gestan est ouvert",
        "Gardez ce message : il contient votre ID client.",
        "Bienvenue !",
        vec![
            paragraph("Bonjour,"),
            paragraph(
                "Votre compte client Gestan est ouvert. Voici votre ID client : notre assistance \
                 vous le demandera quand vous appellerez. Gardez ce message.",
            ),
            id_box(account_id),
            Block::Facts(vec![
                machine_fact("Poste rattaché", machine),
                time_fact("Ouvert le", time, zone),
            ]),
            steps(
                "Pour rattacher un autre poste :",
                &[
                    "Sur cet autre poste, ouvrez dans Gestan le menu « ? », puis « Compte client \
                     ».",
                    "Choisissez « Enregistrer un compte existant ».",
                    "Tapez votre ID client et votre mot de passe.",
                ],
            ),
            notice("Ce n’était pas vous ?", "Appelez l’assistance Gestan et donnez cet ID client."),
        ],
        &address_of(account_id),
    )
}

pub(super) fn password_changed(
    account_id: u32,
    machine: &str,
    linked: Option<&Detached>,
    time: Timestamp,
    zone: &TimeZone,
) -> Letter {
    let mut what = "Le mot de passe de votre compte client Gestan vient d’être changé".to_owned();
    if linked.is_some() {
        what.push_str(", et le poste qui l’a changé a été rattaché à votre compte");
    }
    what.push('.');
    let mut facts = vec![
        id_fact(account_id),
        machine_fact("Depuis le poste", machine),
        time_fact("Changé le", time, zone),
    ];
    tell_detached(linked.unwrap_or(&Detached::default()), &mut what, &mut facts);
    security_notice(
        account_id,
        "Le mot de passe de votre compte client Gestan a changé",
        "Votre mot de passe a changé",
        &what,
        facts,
    )
}

/// Adds which machines made room for the new one.
fn tell_detached(detached: &Detached, what: &mut String, facts: &mut Vec<Fact>) {
    if detached.is_none() {
        return;
    }
    what.push_str(if detached.are_several() {
        " Votre compte avait plus de postes qu’il ne peut en avoir : ceux qui n’avaient pas servi \
         depuis le plus longtemps ont été détachés."
    } else {
        " Votre compte avait déjà tous les postes qu’il peut avoir : celui qui n’avait pas servi \
         depuis le plus longtemps a été détaché."
    });
    facts.extend(detached.names.iter().map(|name| machine_fact("Poste détaché", name)));
    if detached.others > 0 {
        let value = detached.others.to_string();
        facts.push(Fact { label: "Autres postes détachés".to_owned(), value });
    }
}

pub(super) fn machine_linked(
    account_id: u32,
    machine: &str,
    detached: &Detached,
    time: Timestamp,
    zone: &TimeZone,
) -> Letter {
    let mut what = "Un poste vient d’être rattaché à votre compte client Gestan.".to_owned();
    let mut facts = vec![
        id_fact(account_id),
        machine_fact("Poste", machine),
        time_fact("Rattaché le", time, zone),
    ];
    tell_detached(detached, &mut what, &mut facts);
    security_notice(
        account_id,
        "Un poste a été rattaché à votre compte client Gestan",
        "Un poste de plus sur votre compte",
        &what,
        facts,
    )
}

pub(super) fn email_change_requested(
    account_id: u32,
    new_email: &str,
    machine: &str,
    time: Timestamp,
    zone: &TimeZone,
) -> Letter {
    let facts = vec![
        id_fact(account_id),
        email_fact(new_email),
        machine_fact("Depuis le poste", machine),
        time_fact("Demandé le", time, zone),
    ];
    security_notice(
        account_id,
        "Une nouvelle adresse est demandée pour votre compte client Gestan",
        "Une nouvelle adresse est demandée",
        "Un changement d’adresse vient d’être demandé pour votre compte client Gestan. L’adresse \
         ne changera que lorsque la nouvelle aura été confirmée, avec le code qui lui a été envoyé.",
        facts,
    )
}

/// Codes now go to the new address, so the way back leads over the support desk.
pub(super) fn email_changed(
    account_id: u32,
    new_email: &str,
    time: Timestamp,
    zone: &TimeZone,
) -> Letter {
    open(
        "L’adresse de votre compte client Gestan a changé",
        "C’était vous ? Vous n’avez rien à faire.",
        "L’adresse de votre compte a changé",
        vec![
            paragraph("Bonjour,"),
            paragraph(
                "L’adresse de votre compte client Gestan vient d’être remplacée. Nos messages \
                 iront désormais à la nouvelle. C’était vous ? Vous n’avez rien à faire.",
            ),
            Block::Facts(vec![
                id_fact(account_id),
                email_fact(new_email),
                time_fact("Changée le", time, zone),
            ]),
            steps(
                "Ce n’était pas vous ? Reprenez la main tout de suite :",
                &[
                    "Appelez l’assistance Gestan et donnez votre ID client : les codes personnels \
                     partent désormais à la nouvelle adresse.",
                    "Si votre mot de passe fonctionne encore, changez-le dans Gestan, menu « ? », \
                     « Compte client », et cochez la case qui détache les autres postes.",
                ],
            ),
        ],
        &format!(
            "Vous le recevez parce que cette adresse était celle du compte client {account_id}."
        ),
    )
}

fn security_notice(
    account_id: u32,
    subject: &str,
    title: &str,
    what: &str,
    facts: Vec<Fact>,
) -> Letter {
    open(
        subject,
        "C’était vous ? Vous n’avez rien à faire.",
        title,
        vec![
            paragraph("Bonjour,"),
            paragraph(&format!("{what} C’était vous ? Vous n’avez rien à faire.")),
            Block::Facts(facts),
            take_back(),
        ],
        &address_of(account_id),
    )
}
