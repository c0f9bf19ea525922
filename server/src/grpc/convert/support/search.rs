//! Between the messages of FindAccounts and domain types.

use gestan_account_proto::support::v1 as proto;

use super::page;
use crate::{
    accounts::support::{AccountsFound, Behind, FindAccounts, FoundBy, Step, StepPosition},
    domain::{
        account_id::AccountId,
        locale::Locale,
        page_token,
        search_words::Query,
        violation::{Problem, Violations},
    },
    grpc::texts,
    model::account::Account,
    storage::account_word::Entry,
};

/// How many accounts a page has when the caller does not say, and how many at most.
const USUAL: u16 = 20;
const MOST: u16 = 100;

/// What stands in a token for the beginning of a step.
const BEGINNING: u8 = u8::MAX;

pub(in crate::grpc) fn find_accounts(
    request: &proto::FindAccountsRequest,
) -> Result<FindAccounts, Violations> {
    let mut violations = Violations::default();
    let query = violations.check("query", Query::parse(&request.query));
    let page_size = page::size_of(request.page_size, USUAL, MOST);
    let page_size = violations.check("page_size", page_size);
    // A token is of a query: without one, there is nothing to say of it.
    let after = query.as_ref().map(|query| after(query, &request.page_token));
    let after = after.and_then(|after| violations.check("page_token", after));
    match (query, page_size, after) {
        (Some(query), Some(page_size), Some(after)) => Ok(FindAccounts { query, page_size, after }),
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn accounts_found(
    found: AccountsFound,
    query: &Query,
    locale: Locale,
) -> proto::FindAccountsResponse {
    let next = found.next.map(|next| token(query, &next));
    proto::FindAccountsResponse {
        advice: texts::outlook(found.outlook, locale),
        accounts: found.accounts.into_iter().map(found_account).collect(),
        next_page_token: next.unwrap_or_default(),
    }
}

fn found_account((account, by): (Account, FoundBy)) -> proto::FoundAccount {
    let profile = account.profile;
    let by = match by {
        FoundBy::Id => proto::FoundBy::Id,
        FoundBy::Email => proto::FoundBy::Email,
        FoundBy::Phone => proto::FoundBy::Phone,
        FoundBy::AllWords => proto::FoundBy::AllWords,
        FoundBy::MainWords => proto::FoundBy::MainWords,
    };
    proto::FoundAccount {
        id: account.id.number(),
        company_name: profile.company_name.as_str().to_owned(),
        last_name: profile.last_name.as_str().to_owned(),
        first_name: profile.first_name.as_str().to_owned(),
        postal_code: profile.postal_code.as_str().to_owned(),
        city: profile.city.as_str().to_owned(),
        masked_email: account.email.masked(),
        masked_phone: profile.phone.masked(),
        found_by: by.into(),
    }
}

/// The token of the page that begins there.
fn token(query: &Query, at: &StepPosition) -> String {
    let step = Step::ALL.iter().position(|step| *step == at.step).unwrap_or_default();
    let mut position = vec![u8::try_from(step).unwrap_or_default()];
    match &at.behind {
        Some(Behind { driver, entry }) => {
            position.push(*driver);
            position.extend(entry.account_id.number().to_be_bytes());
            position.extend(entry.word.as_bytes());
        }
        None => position.push(BEGINNING),
    }
    of(&[query.text().as_bytes()]).token(&position)
}

/// Where a page begins.
fn after(query: &Query, token: &str) -> Result<Option<StepPosition>, Problem> {
    let position = of(&[query.text().as_bytes()]).position(token)?;
    position.map(|bytes| position_of(query, &bytes).ok_or(Problem::OtherPage)).transpose()
}

fn of<'a>(fields: &'a [&'a [u8]]) -> page_token::Query<'a> {
    page_token::Query { rpc: "FindAccounts", fields }
}

/// Only what a page may have ended with: a word that is not of the query would have its
/// entries read from anywhere.
fn position_of(query: &Query, bytes: &[u8]) -> Option<StepPosition> {
    let ([step, driver], rest) = bytes.split_first_chunk::<2>()?;
    let step = *Step::ALL.get(usize::from(*step))?;
    if *driver == BEGINNING {
        return rest.is_empty().then_some(StepPosition { step, behind: None });
    }
    let (id, word) = rest.split_first_chunk::<4>()?;
    let account_id = AccountId::parse(u32::from_be_bytes(*id))?;
    let word = str::from_utf8(word).ok()?.to_owned();
    let read = match step {
        Step::Exact | Step::Phone => "",
        Step::AllWords | Step::MainWords => &query.words().get(usize::from(*driver))?.text,
    };
    if !word.starts_with(read) || word.is_empty() != read.is_empty() || word.contains('\0') {
        return None;
    }
    let entry = Entry { word, account_id };
    Some(StepPosition { step, behind: Some(Behind { driver: *driver, entry }) })
}
