//! The words for a refusal, for the person in front of the screen.

mod credentials;
mod desk;
mod events;
mod findings;
mod information;
mod search;
mod violation;

use std::borrow::Cow;

use gestan_account_proto::v1::ErrorReason;

use crate::domain::locale::Locale;
pub(super) use credentials::refused_credentials;
pub(super) use desk::{code_sent, desk};
pub(super) use events::event;
pub(super) use findings::finding;
pub(super) use information::information;
pub(super) use search::outlook;
pub use violation::violation;

pub(super) fn refusal(reason: ErrorReason, locale: Locale) -> &'static str {
    match locale {
        Locale::Fr => french(reason),
        Locale::En => english(reason),
    }
}

/// What is said of a request with bad fields, of which `left_out` are not named.
pub(super) fn bad_fields(left_out: usize, locale: Locale) -> Cow<'static, str> {
    match (locale, left_out) {
        (_, 0) => refusal(ErrorReason::InvalidRequest, locale).into(),
        (Locale::Fr, 1) => {
            "Certains champs sont à corriger, dont un qui n’est pas nommé ici.".into()
        }
        (Locale::Fr, _) => {
            format!("Certains champs sont à corriger, dont {left_out} qui ne sont pas nommés ici.")
                .into()
        }
        (Locale::En, _) => format!(
            "Some fields need to be corrected, and {left_out} more that are not named here."
        )
        .into(),
    }
}

fn french(reason: ErrorReason) -> &'static str {
    match reason {
        ErrorReason::Unspecified | ErrorReason::Internal => {
            "Une erreur est survenue de notre côté. Réessayez ; si elle persiste, appelez l’assistance."
        }
        ErrorReason::InvalidRequest => "Certains champs sont à corriger.",
        ErrorReason::InvalidCredentials => {
            "Identifiants non reconnus : vérifiez l’ID client et le code ou le mot de passe."
        }
        ErrorReason::AccountNotFound => "Aucun compte n’a cet ID client.",
        ErrorReason::AccountErased => "Ce compte a été effacé.",
        ErrorReason::TimeBalanceLeft => "Ce compte a un solde de crédit-temps.",
        ErrorReason::MachineNotFound => "Ce compte n’a pas ce poste.",
        ErrorReason::EntryNotFound => "Ce compte n’a pas cette écriture.",
        ErrorReason::TimeCreditExhausted => "Le crédit-temps ne suffit pas.",
        ErrorReason::EntryNotCorrectable => "Cette écriture ne peut pas être corrigée.",
        ErrorReason::PossibleDuplicate => "La même opération vient d’être écrite.",
        ErrorReason::TooManyMachines => "Ces deux comptes ont trop de postes pour être fusionnés.",
        ErrorReason::AlreadyMerged => "Ce compte a déjà été fusionné dans un autre.",
        ErrorReason::NothingToSend => "Aucun compte n’a cette adresse, et aucun ne s’y ouvre.",
        ErrorReason::NoCodeMailed => "Aucun code n’a été envoyé à cette adresse.",
        ErrorReason::PermissionDenied => "Cet accès ne permet pas cette opération.",
        ErrorReason::CodeSpent => {
            "Ce code a déjà servi. Demandez un nouveau code personnel par courriel."
        }
        ErrorReason::CodeExpired => {
            "Ce code n’est plus valable. Demandez un nouveau code personnel par courriel."
        }
        ErrorReason::TooManyTries => {
            "Trop d’essais avec un code erroné. Demandez un nouveau code personnel par courriel."
        }
        ErrorReason::TicketSpent => {
            "Le mot de passe a déjà été choisi avec ce code. Utilisez ce mot de passe, ou demandez un \
             nouveau code personnel par courriel."
        }
        ErrorReason::TicketExpired => {
            "Le délai d’une heure pour choisir le mot de passe est passé. Demandez un nouveau code \
             personnel par courriel."
        }
        ErrorReason::EmailTaken => {
            "Cette adresse de courriel est désormais celle d’un autre compte. Choisissez-en une autre."
        }
        ErrorReason::EtagMismatch => {
            "Le compte a été modifié entre-temps sur un autre poste. Rouvrez la fiche, puis recommencez."
        }
        ErrorReason::CallTooLong => {
            "La réponse s’est fait attendre trop longtemps. Réessayez dans un instant."
        }
        ErrorReason::TooManyPasswordTries => {
            "Trop d’essais de mot de passe sur ce compte. Patientez un peu, ou demandez un code personnel \
             par courriel."
        }
        ErrorReason::TooManyCodeTries => {
            "Trop d’essais avec un code erroné sur ce compte. Utilisez le mot de passe, demandez un \
             nouveau code personnel par courriel, ou patientez."
        }
        ErrorReason::TooManyMailsToAddress => {
            "Un courriel vient déjà d’être demandé pour ce compte. Regardez vos messages, y compris les \
             indésirables, ou patientez un peu."
        }
        ErrorReason::TooManyMailsFromIp => {
            "Trop de courriels ont été demandés depuis votre connexion. Patientez un peu."
        }
        ErrorReason::TooManyCallsFromIp => {
            "Trop de demandes viennent de votre connexion. Réessayez dans un instant."
        }
        ErrorReason::TooManyCallsWithToken => {
            "Trop de demandes viennent de ce poste. Réessayez dans un instant."
        }
        ErrorReason::TooManyCallsWithKey => {
            "Trop d’appels avec cette clé d’assistance. Réessayez dans un instant."
        }
        ErrorReason::TooManyMailsInAll => {
            "Le service a envoyé beaucoup de courriels. Patientez un peu avant d’en demander un autre."
        }
        ErrorReason::TooManyUnfinishedCallsFromIp => {
            "Trop de demandes de votre connexion sont encore en cours. Réessayez dans un instant."
        }
        ErrorReason::TooManyCallsGivenUpFromIp => {
            "Trop de demandes de votre connexion ont été abandonnées. Réessayez dans un instant."
        }
        ErrorReason::HashingBusy | ErrorReason::ServerBusy => {
            "Le service est très sollicité. Réessayez dans un instant."
        }
        ErrorReason::RequestTooLarge => {
            "La demande dépasse 64 Kio et n’a pas été lue. Raccourcissez les textes saisis."
        }
        ErrorReason::MalformedRequest => {
            "La demande est illisible pour le service. Mettez le logiciel à jour ; si cela persiste, \
             appelez l’assistance."
        }
        ErrorReason::Unimplemented => {
            "Le service ne connaît pas cette opération, ou pas sous cette forme. Mettez le logiciel à \
             jour ; si cela persiste, appelez l’assistance."
        }
        ErrorReason::DatabaseUnavailable | ErrorReason::ShuttingDown => {
            "Le service est momentanément indisponible. Réessayez dans un instant."
        }
    }
}

/// What reflection says without a support key.
pub(super) fn reflection_needs_a_key(locale: Locale) -> &'static str {
    match locale {
        Locale::Fr => {
            "La réflexion ne répond qu’avec une clé d’assistance : ajoutez l’en-tête « authorization: \
             Bearer CLÉ », ou donnez à votre outil les fichiers proto."
        }
        Locale::En => {
            "Reflection answers only with a support key: add the header \"authorization: Bearer KEY\", \
             or give your tool the proto files."
        }
    }
}

fn english(reason: ErrorReason) -> &'static str {
    match reason {
        ErrorReason::Unspecified | ErrorReason::Internal => {
            "Something went wrong on our side. Try again; if it persists, call support."
        }
        ErrorReason::InvalidRequest => "Some fields need to be corrected.",
        ErrorReason::InvalidCredentials => {
            "Credentials not recognised: check the client ID and the code or password."
        }
        ErrorReason::AccountNotFound => "No account has this client ID.",
        ErrorReason::AccountErased => "This account was erased.",
        ErrorReason::TimeBalanceLeft => "This account has a balance of time.",
        ErrorReason::MachineNotFound => "This account has no such machine.",
        ErrorReason::EntryNotFound => "This account has no such entry.",
        ErrorReason::TimeCreditExhausted => "The time credit does not suffice.",
        ErrorReason::EntryNotCorrectable => "This entry cannot be corrected.",
        ErrorReason::PossibleDuplicate => "The same was written a moment ago.",
        ErrorReason::TooManyMachines => "These two accounts have too many machines to be merged.",
        ErrorReason::AlreadyMerged => "This account was merged into another one before.",
        ErrorReason::NothingToSend => "No account has this address, and none is being opened.",
        ErrorReason::NoCodeMailed => "No code was mailed to this address.",
        ErrorReason::PermissionDenied => "This access does not permit this operation.",
        ErrorReason::CodeSpent => "This code has been used already. Ask for a new one by e-mail.",
        ErrorReason::CodeExpired => "This code is no longer valid. Ask for a new one by e-mail.",
        ErrorReason::TooManyTries => "Too many wrong codes. Ask for a new one by e-mail.",
        ErrorReason::TicketSpent => {
            "The password has been chosen with this code already. Use that password, or ask for a \
             new code by e-mail."
        }
        ErrorReason::TicketExpired => {
            "The hour to choose the password has passed. Ask for a new code by e-mail."
        }
        ErrorReason::EmailTaken => {
            "This e-mail address has become another account’s. Choose a different one."
        }
        ErrorReason::EtagMismatch => {
            "The account was changed on another machine meanwhile. Open the form again, then retry."
        }
        ErrorReason::CallTooLong => "The answer took too long. Try again in a moment.",
        ErrorReason::TooManyPasswordTries => {
            "Too many password tries on this account. Wait a little, or ask for a code by e-mail."
        }
        ErrorReason::TooManyCodeTries => {
            "Too many wrong codes on this account. Use the password, ask for a new code by \
             e-mail, or wait."
        }
        ErrorReason::TooManyMailsToAddress => {
            "An e-mail has just been asked for. Look into your messages, spam included, or wait a \
             little."
        }
        ErrorReason::TooManyMailsFromIp => {
            "Too many e-mails were asked for from your connection. Wait a little."
        }
        ErrorReason::TooManyCallsFromIp => {
            "Too many requests come from your connection. Try again in a moment."
        }
        ErrorReason::TooManyCallsWithToken => {
            "Too many requests come from this machine. Try again in a moment."
        }
        ErrorReason::TooManyCallsWithKey => {
            "Too many calls with this support key. Try again in a moment."
        }
        ErrorReason::TooManyMailsInAll => {
            "The service has sent a great many e-mails. Wait a little before you ask for another."
        }
        ErrorReason::TooManyUnfinishedCallsFromIp => {
            "Too many requests of your connection are still under way. Try again in a moment."
        }
        ErrorReason::TooManyCallsGivenUpFromIp => {
            "Too many requests of your connection were given up. Try again in a moment."
        }
        ErrorReason::HashingBusy | ErrorReason::ServerBusy => {
            "The service is very busy. Try again in a moment."
        }
        ErrorReason::RequestTooLarge => {
            "The request has more than 64 KiB and was not read. Shorten the texts."
        }
        ErrorReason::MalformedRequest => {
            "The service cannot read the request. Update the program; if it persists, call support."
        }
        ErrorReason::Unimplemented => {
            "The service does not know this operation, or not in this form. Update the program; if \
             it persists, call support."
        }
        ErrorReason::DatabaseUnavailable | ErrorReason::ShuttingDown => {
            "The service is unavailable for the moment. Try again shortly."
        }
    }
}
