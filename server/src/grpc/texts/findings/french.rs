//! Findings in French.

use jiff::{SignedDuration, Timestamp};

use super::{in_words, is_mailbox_full, left, since};
use crate::{
    accounts::support::{AfterTries, CodeFinding, Finding, FindingKind, HeldUp},
    domain::machine::MachineName,
};

/// A finding, at this moment.
pub(super) struct French<'a> {
    pub(super) finding: &'a Finding,
    pub(super) now: Timestamp,
}

impl French<'_> {
    pub(super) fn text(&self) -> String {
        let (until, ago) = (self.until(), self.ago());
        match &self.finding.kind {
            FindingKind::NoAccount => {
                "Aucun compte n’a cette adresse, et aucun ne s’y ouvre. Faites-la épeler, cherchez une \
                 autre adresse du client, ou faites-lui ouvrir un compte dans Gestan."
                    .to_owned()
            }
            FindingKind::Merged { id, into } => format!(
                "Le compte {id} fait maintenant partie du compte {into} : donnez au client l’ID {into} ; \
                 l’ancien vaut toujours. La suite concerne le compte {into}."
            ),
            FindingKind::Erased { id } => format!(
                "Le compte {id} a été effacé, {ago} : il n’en reste rien à lire. Si le client revient, \
                 qu’il ouvre un nouveau compte dans Gestan ; il aura un autre ID."
            ),
            FindingKind::MailRefused { answer } => format!(
                "Le serveur de courriel a refusé l’adresse du client ({answer}), {ago}. Faites-la \
                 épeler : si elle est fausse, le client recommence avec la bonne ; si elle n’existe \
                 plus, voyez StartEmailChange."
            ),
            FindingKind::MailDelayed { answer } if is_mailbox_full(answer) => format!(
                "La boîte du client est pleine ({answer}) : qu’il fasse de la place. Prochain essai \
                 {until}."
            ),
            FindingKind::MailDelayed { answer } if answer.starts_with('4') => format!(
                "Le serveur de courriel fait attendre ({answer}). Prochain essai {until} : que le \
                 client patiente."
            ),
            FindingKind::MailDelayed { answer } => format!(
                "Nos courriels ne partent pas ({answer}) : prévenez l’administrateur. Prochain essai \
                 {until}."
            ),
            FindingKind::MailExpired => format!(
                "Un courriel n’a pas pu être remis à temps, {ago}. Faites épeler l’adresse et vérifier \
                 que la boîte reçoit, puis envoyez un code : SendCode."
            ),
            FindingKind::Code(code) => self.code(code),
            FindingKind::PasswordsLimited(held_up) => format!(
                "Trop de mots de passe faux {} : aucun n’y est regardé pendant {}. Un code, lui, passe : \
                 SendCode.",
                held_up_fr(held_up),
                self.left()
            ),
            FindingKind::CodesLimited(held_up) => format!(
                "Trop de codes faux tapés avec l’ID client {} : aucun n’y est regardé pendant {}. Le mot de \
                 passe passe, et un code sur l’écran « Confirmer » : SendCode.",
                held_up_fr(held_up),
                self.left()
            ),
            FindingKind::MailsLimited => format!(
                "Trop de courriels ont été demandés : Gestan n’en envoie plus pendant {}. Le code déjà reçu \
                 reste bon ; sinon, SendCode.",
                self.left()
            ),
            FindingKind::NoPassword => format!(
                "Le compte a été ouvert {ago}, mais n’a jamais eu de mot de passe. Envoyez un code : \
                 SendCode ; le client le tape sur l’écran « Confirmer » et choisit son mot de passe."
            ),
            FindingKind::NoMachine => {
                "Aucun poste n’est rattaché. Le client choisit « Enregistrer un compte existant », avec son \
                 ID client et son mot de passe, ou un code : SendCode."
                    .to_owned()
            }
            FindingKind::EmailPending { masked, code_time } => {
                let code = code_time.map_or_else(
                    || "le client confirme avec le code qu’elle a reçu".to_owned(),
                    |time| format!("son code part dans {}", span_fr(time.duration_since(self.now))),
                );
                format!(
                    "La nouvelle adresse {masked} attend d’être confirmée, encore {} : {code}. Ce n’est pas \
                     le client qui l’a demandée ? CancelEmailChange.",
                    self.left()
                )
            }
            FindingKind::Opening { machine } => format!(
                "Un compte s’ouvre à cette adresse, sur « {} » : le client y tape le code, écran \
                 « Confirmer », encore valable {}.",
                machine.as_str(),
                self.left()
            ),
            FindingKind::Nothing(looked_at) => format!(
                "Rien n’empêche le client d’entrer. Regardés, sur 7 jours : {} courriel(s), {} demande(s) de \
                 code ; {} poste(s) rattaché(s), le mot de passe, les limites d’essais et de courriels.",
                looked_at.mails, looked_at.codes, looked_at.machines
            ),
        }
    }

    fn code(&self, code: &CodeFinding) -> String {
        let ago = self.ago();
        match code {
            CodeFinding::Waits { machine, is_change } => {
                let mailbox = if *is_change { "de la nouvelle adresse" } else { "du client" };
                let asked = asked_fr(machine.as_ref());
                format!(
                    "Le code {asked} est dans la boîte {mailbox} depuis {}, encore valable {}. Faites \
                     regarder les indésirables.",
                    self.since(),
                    self.left()
                )
            }
            CodeFinding::Expired { machine } => format!(
                "Le code {} n’est plus valable depuis {}. Envoyez-en un autre : SendCode ; la fenêtre du \
                 client, si elle est encore ouverte, le prend.",
                asked_fr(machine.as_ref()),
                self.since()
            ),
            CodeFinding::Spent { machine, waits_for_password: true } => format!(
                "Le code {} a servi {ago}, mais aucun mot de passe n’a été choisi : la fenêtre l’attend \
                 encore {}. Si elle est fermée : SendCode.",
                asked_fr(machine.as_ref()),
                self.left()
            ),
            CodeFinding::Spent { machine, waits_for_password: false } => format!(
                "Le code {} a déjà servi, {ago} : il ne sert qu’une fois. Envoyez-en un autre : SendCode.",
                asked_fr(machine.as_ref())
            ),
            CodeFinding::TriesSpent { machine, next: AfterTries::ComeIn } => format!(
                "Dix codes faux ont été tapés {} : cette fenêtre n’en prend plus. Envoyez un code : \
                 SendCode ; le client choisit « Enregistrer un compte existant », avec son ID client.",
                window_fr(machine.as_ref())
            ),
            CodeFinding::TriesSpent { machine, next: AfterTries::Create } => format!(
                "Dix codes faux ont été tapés {} : cette fenêtre n’en prend plus. Le client recommence : \
                 « Créer un nouveau compte ».",
                window_fr(machine.as_ref())
            ),
            CodeFinding::TriesSpent { next: AfterTries::StartChangeAgain, .. } => {
                "Dix codes faux ont été tapés pour la nouvelle adresse : elle n’en prend plus. Relancez le \
                 changement : StartEmailChange, ou le client dans sa fiche."
                    .to_owned()
            }
        }
    }

    fn until(&self) -> String {
        format!("dans {}", self.left())
    }

    fn ago(&self) -> String {
        format!("il y a {}", self.since())
    }

    fn left(&self) -> String {
        span_fr(left(self.finding, self.now))
    }

    fn since(&self) -> String {
        span_fr(since(self.finding, self.now))
    }
}

fn asked_fr(machine: Option<&MachineName>) -> String {
    machine.map_or_else(
        || "envoyé par l’assistance".to_owned(),
        |name| format!("demandé sur « {} »", name.as_str()),
    )
}

fn window_fr(machine: Option<&MachineName>) -> String {
    machine.map_or_else(
        || "pour le code de l’assistance".to_owned(),
        |name| format!("sur « {} »", name.as_str()),
    )
}

fn held_up_fr(held_up: &HeldUp) -> String {
    let machines = held_up.machines.iter().map(|name| format!("sur « {} »", name.as_str()));
    let others = held_up.others.then(|| "depuis un poste non rattaché".to_owned());
    machines.chain(others).collect::<Vec<_>>().join(", ")
}

fn span_fr(span: SignedDuration) -> String {
    in_words(span, ["s", "min", "h", "j"])
}
