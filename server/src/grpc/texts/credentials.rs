//! The words for a secret that is refused: what was typed on the RPC's screen, and what to
//! do. They depend on the RPC alone, never on what is wrong: unknown, wrong, spent and
//! revoked read the same, so where several things may be wrong, the words name the way out
//! of each.

use gestan_account_proto::v1::ErrorReason;

use super::refusal;
use crate::{domain::locale::Locale, grpc::rpc::Rpc};

/// What an RPC says of a secret, an ID or a token that it refuses.
pub(in crate::grpc) fn refused_credentials(rpc: Rpc, locale: Locale) -> &'static str {
    match locale {
        Locale::Fr => french(rpc),
        Locale::En => english(rpc),
    }
}

fn french(rpc: Rpc) -> &'static str {
    match rpc {
        Rpc::Create
        | Rpc::RegisterExisting
        | Rpc::ListCountries
        | Rpc::SearchApeCodes
        | Rpc::GetPrivacyNotice
        | Rpc::GetCode
        | Rpc::AdvanceClock
        | Rpc::Reset
        | Rpc::Desk(_) => refusal(ErrorReason::InvalidCredentials, Locale::Fr),
        Rpc::Confirm => {
            "Ce code n’est pas le bon, ou il n’est plus valable. Vérifiez-le, ou demandez un nouveau \
             code personnel par courriel."
        }
        Rpc::ConfirmByAccount => {
            "Cet ID client ou ce code n’est pas le bon, ou le code n’est plus valable. Vérifiez-les, ou \
             appelez l’assistance."
        }
        // Typed here: the password in force, or, after a ticket, only a new one.
        Rpc::SetPassword => {
            "Ce mot de passe n’est pas le bon, ou cette demande n’est plus valable. Vérifiez-le, ou \
             demandez un nouveau code personnel par courriel."
        }
        Rpc::Update => {
            "Ce mot de passe n’est pas le bon, ou ce code n’est plus valable. Vérifiez-le, ou demandez \
             un code personnel par courriel. S’il est juste, rouvrez la fenêtre « Compte client » : ce \
             poste a peut-être été détaché."
        }
        Rpc::Unlink => {
            "Ce mot de passe n’est pas le bon. Vérifiez-le ; s’il est juste, rouvrez la fenêtre « Compte \
             client » : ce poste a peut-être été détaché."
        }
        // Nothing is typed here: the machine's own token is what is refused.
        Rpc::Get | Rpc::ResendPassword | Rpc::ListTimeEntries => {
            "Ce poste n’est plus rattaché à un compte client : rattachez-le à nouveau par « Enregistrer \
             un compte existant »."
        }
    }
}

fn english(rpc: Rpc) -> &'static str {
    match rpc {
        Rpc::Create
        | Rpc::RegisterExisting
        | Rpc::ListCountries
        | Rpc::SearchApeCodes
        | Rpc::GetPrivacyNotice
        | Rpc::GetCode
        | Rpc::AdvanceClock
        | Rpc::Reset
        | Rpc::Desk(_) => refusal(ErrorReason::InvalidCredentials, Locale::En),
        Rpc::Confirm => {
            "This is not the right code, or it is no longer valid. Check it, or ask for a new one by \
             e-mail."
        }
        Rpc::ConfirmByAccount => {
            "This is not the right client ID or code, or the code is no longer valid. Check them, or \
             call support."
        }
        Rpc::SetPassword => {
            "This is not the right password, or this request is no longer valid. Check it, or ask for \
             a new code by e-mail."
        }
        Rpc::Update => {
            "This is not the right password, or this code is no longer valid. Check it, or ask for a \
             code by e-mail. If it is right, open the “Compte client” window again: this machine may \
             have been detached."
        }
        Rpc::Unlink => {
            "This is not the right password. Check it; if it is right, open the “Compte client” window \
             again: this machine may have been detached."
        }
        Rpc::Get | Rpc::ResendPassword | Rpc::ListTimeEntries => {
            "This machine is no longer linked to a client account: link it again by “Enregistrer un \
             compte existant”."
        }
    }
}
