//! The words for a refusal of the support desk, for an agent at a terminal: what is wrong, and
//! what to type next. Whatever varies in them is in the metadata of the refusal, too.

use gestan_account_proto::v1::ErrorReason;

use super::{refusal, violation};
use crate::{
    accounts::{
        error::{DeskRefusal, Error},
        support::{CodeSent, permissions::DeskRpc},
    },
    domain::{
        locale::Locale,
        role::Role,
        violation::{Violation, Violations},
    },
    model::link::MAX_MACHINES,
};

/// What the desk is told of `error`, whose reason is `reason`.
pub(in crate::grpc) fn desk(error: &Error, reason: ErrorReason, locale: Locale) -> String {
    match (error, locale) {
        (Error::Desk(refusal), Locale::Fr) => french(refusal),
        (Error::Desk(refusal), Locale::En) => english(refusal),
        (Error::InvalidCredentials, Locale::Fr) => {
            "Clé de support inconnue ou révoquée. Vérifiez GESTAN_SUPPORT_KEY, ou demandez une clé à \
             l’administrateur."
                .to_owned()
        }
        (Error::InvalidCredentials, Locale::En) => {
            "Support key unknown or revoked. Check GESTAN_SUPPORT_KEY, or ask the administrator for \
             a key."
                .to_owned()
        }
        (Error::Invalid(violations), Locale::Fr) => {
            format!("Champs à corriger : {}", fields(violations, " : ", locale))
        }
        (Error::Invalid(violations), Locale::En) => {
            format!("Fields to correct: {}", fields(violations, ": ", locale))
        }
        (Error::EtagMismatch, Locale::Fr) => {
            "Un compte a changé depuis que vous l’avez lu. Relisez-le avec GetAccount, puis \
             recommencez avec son nouvel etag."
                .to_owned()
        }
        (Error::EtagMismatch, Locale::En) => {
            "An account has changed since you read it. Read it again with GetAccount, then repeat \
             with its new etag."
                .to_owned()
        }
        _ => refusal(reason, locale).to_owned(),
    }
}

fn french(refusal: &DeskRefusal) -> String {
    match refusal {
        DeskRefusal::KeyExpired { expire_time } => format!(
            "Cette clé de support a expiré le {expire_time:.0}. Demandez-en une nouvelle à \
             l’administrateur."
        ),
        DeskRefusal::OutsideNetworks => {
            "Les clés de support ne sont pas acceptées depuis votre adresse. Rappelez depuis le \
             réseau de l’assistance, ou voyez l’administrateur (SUPPORT_NETWORKS)."
                .to_owned()
        }
        DeskRefusal::NotAKey => {
            "Cet appel demande une clé de support, et non le jeton d’un poste. Vérifiez \
             GESTAN_SUPPORT_KEY."
                .to_owned()
        }
        DeskRefusal::RoleLacking { role, rpc } => format!(
            "Votre clé a le rôle « {role} » ; {}{} demande le rôle {}. Passez la main à un \
             responsable.",
            rpc.name(),
            match rpc {
                DeskRpc::CorrectTimeOfOthers => {
                    " d’un achat, ou de ce qu’une autre clé a écrit,"
                }
                DeskRpc::ListTimeEntriesOfAll => " de tous les comptes",
                _ => "",
            },
            named(rpc.roles(), ["« ", " »"], " ou "),
        ),
        DeskRefusal::AccountNotFound { id } => {
            format!("Aucun compte n’a l’ID {id}. Cherchez le client avec FindAccounts : nom, téléphone ou courriel.")
        }
        DeskRefusal::AccountErased { id, erase_time } => format!(
            "Le compte {id} a été effacé le {erase_time:.0} : il n’en reste rien à lire. Le client peut \
             ouvrir un nouveau compte dans Gestan, qui aura un autre ID."
        ),
        DeskRefusal::TimeBalanceLeft { balance } => format!(
            "Ce compte a un solde de {balance} de crédit-temps. Réglez-le avec le client, puis ajoutez \
             \"write_off_minutes\": {}.",
            balance.number()
        ),
        DeskRefusal::LeadsElsewhere { id, into } => format!(
            "Le compte {id} fait partie du compte {into}, et ne s’efface qu’avec lui. Lisez le compte \
             {into} avec GetAccount ; si c’est lui qu’il faut effacer, donnez l’ID {into}."
        ),
        DeskRefusal::NothingToSend => {
            "Aucun compte n’a cette adresse, et aucun ne s’y ouvre. Faites épeler l’adresse, ou faites \
             ouvrir un compte dans Gestan."
                .to_owned()
        }
        DeskRefusal::TooManyMachines { into, count } => format!(
            "Les deux comptes ont {count} postes ensemble ; un compte en a {MAX_MACHINES} au plus. \
             Détachez des postes avec UnlinkMachine avant de les fusionner dans le compte {into}."
        ),
        DeskRefusal::AlreadyMerged { id, into } => format!(
            "Le compte {id} fait déjà partie du compte {into}. Lisez celui-ci avec GetAccount ; s’il \
             reste un compte à fusionner, donnez l’ID {into}."
        ),
        DeskRefusal::EmailTaken { owner } => format!(
            "Cette adresse est celle du compte {owner}. Lisez-le (GetAccount) : si c’est la même \
             entreprise, c’est ce compte qu’il lui faut, ou les réunir (MergeAccounts)."
        ),
        DeskRefusal::MachineNotFound { machine } => format!(
            "Ce compte n’a pas de poste {}. GetAccount donne les postes qu’il a.",
            machine.uuid()
        ),
        DeskRefusal::EntryNotFound { entry } => format!(
            "Ce compte n’a pas d’écriture {entry}. ListTimeEntries donne celles qu’il a."
        ),
        DeskRefusal::TimeCreditExhausted { balance, missing } => format!(
            "Il manque {} de crédit-temps (solde : {balance}). Faites acheter du temps (GrantTime), ou \
             ajoutez \"allow_overdraft\": true.",
            short(missing.size())
        ),
        DeskRefusal::EntryNotCorrectable { entry, .. } => format!(
            "L’écriture {entry} ne peut pas être corrigée : elle l’est déjà tout entière, ou ce n’est ni \
             un achat ni une imputation. Voyez ListTimeEntries."
        ),
        DeskRefusal::PossibleDuplicate { entry, minutes, age_seconds } => format!(
            "Une opération identique ({minutes} min, écriture {entry}) a été écrite il y a \
             {age_seconds} s. Si c’en est une autre, ajoutez \"allow_duplicate\": true."
        ),
    }
}

fn english(refusal: &DeskRefusal) -> String {
    match refusal {
        DeskRefusal::KeyExpired { expire_time } => format!(
            "This support key expired on {expire_time:.0}. Ask the administrator for a new one."
        ),
        DeskRefusal::OutsideNetworks => {
            "Support keys are not taken from your address. Call from the support desk’s network, or \
             see the administrator (SUPPORT_NETWORKS)."
                .to_owned()
        }
        DeskRefusal::NotAKey => {
            "This call asks for a support key, and not for the token of a machine. Check \
             GESTAN_SUPPORT_KEY."
                .to_owned()
        }
        DeskRefusal::RoleLacking { role, rpc } => format!(
            "Your key has the role “{role}”; {}{} asks for the role {}. Hand over to somebody who \
             has it.",
            rpc.name(),
            match rpc {
                DeskRpc::CorrectTimeOfOthers => {
                    " of a grant, or of what another key has written,"
                }
                DeskRpc::ListTimeEntriesOfAll => " of all accounts",
                _ => "",
            },
            named(rpc.roles(), ["“", "”"], " or "),
        ),
        DeskRefusal::AccountNotFound { id } => {
            format!("No account has the ID {id}. Look for the customer with FindAccounts: name, telephone or e-mail.")
        }
        DeskRefusal::AccountErased { id, erase_time } => format!(
            "Account {id} was erased on {erase_time:.0}: nothing of it is left to read. The customer \
             may open a new account in Gestan, which will have another ID."
        ),
        DeskRefusal::TimeBalanceLeft { balance } => format!(
            "This account has a balance of {balance} of time. Settle it with the customer, then add \
             \"write_off_minutes\": {}.",
            balance.number()
        ),
        DeskRefusal::LeadsElsewhere { id, into } => format!(
            "Account {id} is a part of account {into}, and is erased only together with it. Read \
             account {into} with GetAccount; if that is the one to erase, give the ID {into}."
        ),
        DeskRefusal::NothingToSend => {
            "No account has this address, and none is being opened for it. Have the address spelt, or \
             have an account opened in Gestan."
                .to_owned()
        }
        DeskRefusal::TooManyMachines { into, count } => format!(
            "The two accounts have {count} machines together; an account has {MAX_MACHINES} at most. \
             Detach machines with UnlinkMachine before you merge into account {into}."
        ),
        DeskRefusal::AlreadyMerged { id, into } => format!(
            "Account {id} is a part of account {into} already. Read that one with GetAccount; if there \
             is still an account to merge, give the ID {into}."
        ),
        DeskRefusal::EmailTaken { owner } => format!(
            "This address is that of account {owner}. Read it (GetAccount): if it is the same company, it \
             is that account that it needs, or both made one (MergeAccounts)."
        ),
        DeskRefusal::MachineNotFound { machine } => format!(
            "This account has no machine {}. GetAccount tells those that it has.",
            machine.uuid()
        ),
        DeskRefusal::EntryNotFound { entry } => {
            format!("This account has no entry {entry}. ListTimeEntries tells those that it has.")
        }
        DeskRefusal::TimeCreditExhausted { balance, missing } => format!(
            "{} of time credit are missing (balance: {balance}). Have time bought (GrantTime), or add \
             \"allow_overdraft\": true.",
            short(missing.size())
        ),
        DeskRefusal::EntryNotCorrectable { entry, .. } => format!(
            "Entry {entry} cannot be corrected: it is wholly corrected already, or is neither a grant \
             nor a charge. See ListTimeEntries."
        ),
        DeskRefusal::PossibleDuplicate { entry, minutes, age_seconds } => format!(
            "The same ({minutes} min, entry {entry}) was written {age_seconds} s ago. If this is \
             another one, add \"allow_duplicate\": true."
        ),
    }
}

/// Less than an hour in minutes alone.
fn short(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes:02}"),
    }
}

/// What an agent tells the customer to do with a code.
pub(in crate::grpc) fn code_sent(sent: &CodeSent, locale: Locale) -> String {
    let window = sent.machine.as_ref().map(|name| match locale {
        Locale::Fr => format!(
            "Le client tape le code dans la fenêtre ouverte sur « {} », écran « Confirmer ».",
            name.as_str()
        ),
        Locale::En => format!(
            "The customer types the code in the window that is open on “{}”, screen “Confirmer”.",
            name.as_str()
        ),
    });
    let with_id = sent.account_id.map(|id| match locale {
        Locale::Fr => format!(
            "Sans fenêtre ouverte : « Enregistrer un compte existant », avec l’ID client {id} et ce code."
        ),
        Locale::En => format!(
            "Without an open window: “Enregistrer un compte existant”, with the client ID {id} and this \
             code."
        ),
    });
    window.into_iter().chain(with_id).collect::<Vec<_>>().join(" ")
}

/// The bad fields, each with what is wrong with it.
fn fields(violations: &Violations, colon: &str, locale: Locale) -> String {
    // Ours have a few fields each: all of them fit into a line or two.
    let one = |bad: &Violation| format!("{}{colon}{}", bad.field, violation(&bad.problem, locale));
    violations.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn named(roles: &[Role], [open, close]: [&str; 2], or: &str) -> String {
    let names: Vec<String> = roles.iter().map(|role| format!("{open}{role}{close}")).collect();
    names.join(or)
}
