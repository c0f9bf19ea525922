//! What an agent is told beside what a search has found: what to try next.

use crate::{accounts::support::Outlook, domain::locale::Locale};

/// The advice of a search.
pub(in crate::grpc) fn outlook(outlook: Outlook, locale: Locale) -> String {
    let next = match locale {
        Locale::Fr => french(outlook),
        Locale::En => english(outlook),
    };
    let incomplete = outlook.is_incomplete.then_some(match locale {
        Locale::Fr => {
            "La recherche par mots et par téléphone n’est pas encore complète : l’ID et le courriel \
             trouvent tous les comptes."
        }
        Locale::En => {
            "The search by words and telephone is not complete yet: the ID and the e-mail address find \
             every account."
        }
    });
    [Some(next), incomplete].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn french(Outlook { is_empty, has_more, is_cut, .. }: Outlook) -> &'static str {
    match (is_cut, has_more, is_empty) {
        (true, _, _) => {
            "La recherche s’est arrêtée avant la fin : ajoutez un mot (ville, code postal, nom), ou \
             demandez la page suivante (page_token)."
        }
        (_, true, _) => {
            "Il y a d’autres comptes : ajoutez un mot (ville, code postal, nom), ou demandez la page \
             suivante (page_token)."
        }
        (_, _, true) => {
            "Aucun compte trouvé. Essayez le téléphone, le courriel, le code postal, ou moins de mots, \
             leur début seulement ; sinon, le client n’a peut-être pas encore de compte."
        }
        _ => {
            "Si votre interlocuteur n’y est pas : essayez le téléphone, le courriel, le code postal, ou \
             moins de mots."
        }
    }
}

fn english(Outlook { is_empty, has_more, is_cut, .. }: Outlook) -> &'static str {
    match (is_cut, has_more, is_empty) {
        (true, _, _) => {
            "The search stopped before its end: add a word (town, postal code, name), or ask for the \
             next page (page_token)."
        }
        (_, true, _) => {
            "There are more accounts: add a word (town, postal code, name), or ask for the next page \
             (page_token)."
        }
        (_, _, true) => {
            "No account found. Try the telephone number, the e-mail address, the postal code, or fewer \
             words, their beginnings only; else the customer may not have an account yet."
        }
        _ => {
            "If your caller is not among them: try the telephone number, the e-mail address, the postal \
             code, or fewer words."
        }
    }
}
