//! Machines by their tokens: link and account, a row a machine, for many tokens in
//! one statement. How many machines an account has must not matter here: every call
//! of a machine begins with this.

use std::collections::HashMap;

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, Iterable as _, QueryResult,
    sea_query::{ArrayType, Expr, ExprTrait as _, Query},
};

use super::{
    connections::Connections,
    entity::{account, link},
    error::StorageError,
    many_keys::ManyKeys,
};
use crate::{credentials::token::TokenDigest, model::calling_machine::CallingMachine};

/// Outer: the statement failed; inner: this machine's rows are damaged.
pub(super) type Found = Result<Option<CallingMachine>, StorageError>;

/// Finds machines by their tokens.
#[derive(Debug)]
pub(super) struct ByTokens(ManyKeys);

impl ByTokens {
    /// For up to `most` tokens in one statement.
    pub(super) fn new(backend: DbBackend, most: usize) -> Self {
        let key = (Vec::<u8>::new().into(), ArrayType::Bytes);
        let token = || Expr::col((link::Entity, link::Column::TokenDigest));
        Self(ManyKeys::new(backend, most, key, token, |has_token| {
            let of_link = Expr::col((account::Entity, account::Column::Id))
                .equals((link::Entity, link::Column::AccountId));
            Query::select()
                .columns(link::Column::iter().map(|column| (link::Entity, column)))
                .columns(account::Column::iter().map(|column| (account::Entity, column)))
                .from(link::Entity)
                .inner_join(account::Entity, of_link)
                .and_where(has_token)
                .take()
        }))
    }

    /// What is known of each token. A damaged row is the trouble of its own machine
    /// only.
    pub(super) async fn find(
        &self,
        db: &Connections,
        digests: &[TokenDigest],
    ) -> Result<Vec<Found>, StorageError> {
        let keys = digests.iter().map(|digest| digest.as_bytes().to_vec().into()).collect();
        let rows = db.query_all_raw(self.0.statement(keys, [])).await?;
        let rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let by_digest: HashMap<&[u8], &Row> =
            rows.iter().map(|row| (row.0.token_digest.as_slice(), row)).collect();
        Ok(digests.iter().map(|digest| machine(digest, by_digest.get(digest.as_bytes()))).collect())
    }
}

type Row = (link::Model, account::Model);

fn read(row: &QueryResult) -> Result<Row, DbErr> {
    Ok((link::Model::read(row, 0)?, account::Model::read(row, link::Model::WIDTH)?))
}

fn machine(digest: &TokenDigest, row: Option<&&Row>) -> Found {
    match row {
        Some((link, account)) if digest.matches(&link.token_digest) => Ok(Some(CallingMachine {
            link: link.clone().try_into()?,
            account: account.clone().try_into()?,
        })),
        _ => Ok(None),
    }
}
