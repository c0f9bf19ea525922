//! Machines by their tokens: link, account and the account's other links, for
//! many tokens in one statement, whose text is made once.

use std::{collections::HashMap, iter};

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait as _,
    ExprTrait as _, JoinType, QueryFilter as _, QueryResult, QuerySelect, QueryTrait as _,
    Statement, Value,
    sea_query::{Alias, ArrayType, Expr, Func, Query},
};

use super::{
    account::Account,
    entity::{
        account,
        link::{Column, Entity, Model},
    },
    error::StorageError,
    link::{Link, few_lengths},
};
use crate::credentials::token::TokenDigest;

/// PostgreSQL plans for ten keys where it does not look at them. Given fewer, it
/// looks, and plans anew each time, which takes longer than to find the rows.
const PLANNED_FOR: usize = 16;

/// A machine by its token, as it was read.
pub struct Linked {
    /// Its link, dead or alive.
    pub link: Link,
    /// The account.
    pub account: Account,
    /// The living links of the account, the oldest first.
    pub links: Vec<Link>,
}

/// Outer: the statement failed; inner: one account's rows are damaged.
pub(super) type Found = Result<Option<Linked>, StorageError>;

/// Finds machines by their tokens.
#[derive(Debug)]
pub(super) struct ByTokens {
    backend: DbBackend,
    /// The statement for one token, for two, four and so on; or, where all tokens
    /// are one value of it, the only one. To make it anew takes longer than a
    /// database takes to find a row by it.
    texts: Vec<String>,
}

impl ByTokens {
    /// For up to `most` tokens at once.
    pub(super) fn new(backend: DbBackend, most: usize) -> Self {
        let lengths = iter::successors(Some(1), |length| Some(2 * length));
        let texts = match backend {
            DbBackend::Postgres => vec![statement(backend, &[Vec::new()]).sql],
            _ => lengths
                .take_while(|length| length / 2 < most)
                .map(|length| statement(backend, &vec![Vec::new(); length]).sql)
                .collect(),
        };
        Self { backend, texts }
    }

    /// What is known of each token. A damaged row is the trouble of its own account
    /// only.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub(super) async fn find(
        &self,
        db: &DatabaseConnection,
        digests: &[TokenDigest],
    ) -> Result<Vec<Found>, StorageError> {
        let rows = db.query_all_raw(self.statement(digests)).await?;
        let rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let found = ByAccount::new(&rows);
        Ok(digests.iter().map(|digest| found.find(digest)).collect())
    }

    fn statement(&self, digests: &[TokenDigest]) -> Statement {
        let keys = digests.iter().map(|digest| digest.as_bytes().to_vec().into());
        let values = match self.backend {
            DbBackend::Postgres => {
                let keys = few_lengths(keys.collect(), PLANNED_FOR);
                vec![Value::Array(ArrayType::Bytes, Some(Box::new(keys)))]
            }
            _ => few_lengths(keys.collect(), 1),
        };
        let text = values.len().ilog2() as usize;
        Statement::from_sql_and_values(self.backend, &self.texts[text], values)
    }
}

/// A row for each link: the account stands in that of the caller, and in no other.
fn statement(backend: DbBackend, keys: &[Vec<u8>]) -> Statement {
    let caller = Alias::new("caller");
    let of_caller = |column| Expr::col((caller.clone(), column));
    let is_callers = Expr::col((Entity, Column::Id)).equals((caller.clone(), Column::Id));
    let is_of_account = of_caller(Column::AccountId).equals((account::Entity, account::Column::Id));
    let has_token = match backend {
        DbBackend::Postgres => {
            let keys = Func::cust("unnest").arg(Expr::val(keys.to_vec()));
            of_caller(Column::TokenDigest).in_subquery(Query::select().expr(keys).take())
        }
        _ => of_caller(Column::TokenDigest).is_in(keys.iter().cloned()),
    };
    let mut links = Entity::find().select_also(account::Entity);
    QuerySelect::query(&mut links)
        .join_as(
            JoinType::InnerJoin,
            Entity,
            caller.clone(),
            of_caller(Column::AccountId).equals((Entity, Column::AccountId)),
        )
        .join(JoinType::LeftJoin, account::Entity, is_of_account.and(is_callers.clone()));
    links.filter(has_token).filter(Column::UnlinkTime.is_null().or(is_callers)).build(backend)
}

/// Reads a row, column by column as the two tables have them: to look each up by
/// its name takes longer.
fn read(row: &QueryResult) -> Result<(Model, Option<account::Model>), DbErr> {
    let link = Model {
        id: row.try_get_by_index(0)?,
        account_id: row.try_get_by_index(1)?,
        machine_id: row.try_get_by_index(2)?,
        machine_name: row.try_get_by_index(3)?,
        token_digest: row.try_get_by_index(4)?,
        link_time: row.try_get_by_index(5)?,
        last_seen_time: row.try_get_by_index(6)?,
        unlink_time: row.try_get_by_index(7)?,
    };
    let Some(id) = row.try_get_by_index(8)? else { return Ok((link, None)) };
    let account = account::Model {
        id,
        version: row.try_get_by_index(9)?,
        email: row.try_get_by_index(10)?,
        email_key: row.try_get_by_index(11)?,
        pending_email: row.try_get_by_index(12)?,
        pending_email_expire_time: row.try_get_by_index(13)?,
        locale: row.try_get_by_index(14)?,
        company_name: row.try_get_by_index(15)?,
        last_name: row.try_get_by_index(16)?,
        first_name: row.try_get_by_index(17)?,
        address: row.try_get_by_index(18)?,
        postal_code: row.try_get_by_index(19)?,
        city: row.try_get_by_index(20)?,
        country_code: row.try_get_by_index(21)?,
        phone: row.try_get_by_index(22)?,
        phone_e164: row.try_get_by_index(23)?,
        ape_code: row.try_get_by_index(24)?,
        ape_version: row.try_get_by_index(25)?,
        password_hash: row.try_get_by_index(26)?,
        create_time: row.try_get_by_index(27)?,
        update_time: row.try_get_by_index(28)?,
    };
    Ok((link, Some(account)))
}

/// What was found for several tokens.
struct ByAccount<'a> {
    callers: HashMap<&'a [u8], (&'a Model, &'a account::Model)>,
    links: HashMap<i64, Vec<&'a Model>>,
}

impl<'a> ByAccount<'a> {
    fn new(rows: &'a [(Model, Option<account::Model>)]) -> Self {
        let (mut callers, mut links) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
        for (link, account) in rows {
            if let Some(account) = account {
                callers.insert(link.token_digest.as_slice(), (link, account));
            }
            links.entry(link.account_id).or_default().push(link);
        }
        Self { callers, links }
    }

    fn find(&self, digest: &TokenDigest) -> Found {
        let Some(&(link, account)) = self.callers.get(digest.as_bytes()) else {
            return Ok(None);
        };
        if !digest.matches(&link.token_digest) {
            return Ok(None);
        }
        let links = self.links.get(&link.account_id).into_iter().flatten();
        let mut links: Vec<&Model> =
            links.copied().filter(|link| link.unlink_time.is_none()).collect();
        // As often as machines of the account have called.
        links.sort_unstable_by_key(|link| (link.link_time, link.id));
        links.dedup_by_key(|link| link.id);
        Ok(Some(Linked {
            link: link.clone().try_into()?,
            account: account.clone().try_into()?,
            links: links.into_iter().cloned().map(Link::try_from).collect::<Result<_, _>>()?,
        }))
    }
}
