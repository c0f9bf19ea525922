//! The French mails that bring a personal code.
//!
//! Each says what the code does, which machine asked and when, until when it is valid, that the
//! support desk never asks for it, and what to do if one did not ask.

use jiff::tz::TimeZone;

use super::{
    Block, CodeMail, Letter, OPEN_WINDOW, address_of, code_box, code_facts, id_box, never_asked,
    not_asked_for, open, paragraph, set, steps, typed_in_gestan,
};

pub(super) fn open_account(code: &CodeMail, zone: &TimeZone) -> Letter {
    open(
        "Votre code pour ouvrir votre compte client Gestan",
        "Tapez ce code personnel dans Gestan : il ouvre votre compte client.",
        "Ouvrez votre compte client",
        vec![
            paragraph("Bonjour,"),
            paragraph(
                "Voici le code personnel qui ouvre votre compte client Gestan. Vous recevrez alors \
                 votre ID client : c’est le numéro que notre assistance vous demande quand vous \
                 appelez.",
            ),
            code_box(code),
            steps(
                "Pour ouvrir votre compte :",
                &[
                    OPEN_WINDOW,
                    "Sur l’écran « Confirmer », tapez ce code.",
                    "Choisissez votre mot de passe : c’est fait, ce poste est rattaché à votre \
                     compte.",
                ],
            ),
            code_facts(code, zone),
            never_asked(),
            not_asked_for("sans ce code, aucun compte ne sera ouvert."),
        ],
        typed_in_gestan(),
    )
}

pub(super) fn account_exists(account_id: u32, code: &CodeMail, zone: &TimeZone) -> Letter {
    open(
        "Vous avez déjà un compte client Gestan",
        "Votre ID client, et un code personnel pour retrouver votre compte.",
        "Vous avez déjà un compte client",
        vec![
            paragraph("Bonjour,"),
            paragraph(
                "Cette adresse a déjà son compte client Gestan : inutile d’en ouvrir un second. \
                 Voici votre ID client, et un code personnel qui vous mène à ce compte.",
            ),
            id_box(account_id),
            code_box(code),
            steps(
                "Pour retrouver votre compte :",
                &[
                    OPEN_WINDOW,
                    "Sur l’écran « Confirmer », tapez ce code.",
                    "Choisissez un nouveau mot de passe : c’est fait, ce poste est rattaché à \
                     votre compte.",
                ],
            ),
            paragraph(
                "Vous connaissez votre mot de passe ? Choisissez plutôt « Enregistrer un compte \
                 existant », et tapez votre ID client et ce mot de passe.",
            ),
            code_facts(code, zone),
            never_asked(),
            not_asked_for(
                "rien ne change sur votre compte, et votre mot de passe actuel reste valable.",
            ),
        ],
        &address_of(account_id),
    )
}

pub(super) fn personal_code(account_id: u32, code: &CodeMail, zone: &TimeZone) -> Letter {
    open(
        "Votre code personnel Gestan",
        "Il remplace une fois votre mot de passe, ou sert à en choisir un nouveau.",
        "Votre code personnel",
        vec![
            paragraph("Bonjour,"),
            paragraph(
                "Vous avez demandé un code personnel pour votre compte client Gestan. Le voici, \
                 avec votre ID client.",
            ),
            id_box(account_id),
            code_box(code),
            Block::Choices {
                lead: set("Ce code sert une seule fois, au choix :"),
                items: vec![
                    set("à choisir un nouveau mot de passe : dans Gestan, menu « ? », « Compte \
                         client », écran « Confirmer » ;"),
                    set("à rattacher un poste : écran « Enregistrer un compte existant », avec \
                         votre ID client ;"),
                    set("à la place du mot de passe, quand la fiche « Compte client » vous le \
                         demande."),
                ],
            },
            paragraph(
                "Votre mot de passe actuel reste valable tant que vous n’en avez pas choisi un \
                 autre.",
            ),
            code_facts(code, zone),
            never_asked(),
            not_asked_for(
                "rien ne change sur votre compte, et votre mot de passe actuel reste valable.",
            ),
        ],
        &address_of(account_id),
    )
}

pub(super) fn confirm_email(account_id: u32, code: &CodeMail, zone: &TimeZone) -> Letter {
    open(
        "Confirmez votre nouvelle adresse pour Gestan",
        "Tapez ce code personnel dans Gestan : il met votre nouvelle adresse en place.",
        "Confirmez votre nouvelle adresse",
        vec![
            paragraph("Bonjour,"),
            paragraph(
                "Vous avez demandé que cette adresse devienne celle de votre compte client Gestan. \
                 Le code personnel ci-dessous la met en place ; d’ici là, l’ancienne adresse reste \
                 la bonne.",
            ),
            id_box(account_id),
            code_box(code),
            steps(
                "Pour confirmer cette adresse :",
                &[
                    OPEN_WINDOW,
                    "Sur l’écran « Confirmer », tapez ce code : votre nouvelle adresse est en \
                     place.",
                ],
            ),
            code_facts(code, zone),
            never_asked(),
            not_asked_for(
                "sans ce code, l’adresse du compte ne change pas, et son mot de passe actuel reste \
                 valable.",
            ),
        ],
        typed_in_gestan(),
    )
}
