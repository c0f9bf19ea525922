//! When and in which network the machines of accounts were seen last. A network is kept
//! as long as limits ask for it, and no longer: it tells where a person is.

use std::collections::HashSet;

use ipnet::IpNet;
use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QuerySelect as _, QueryTrait as _,
    sea_query::{CaseStatement, Expr},
};

use super::super::{
    entity::{
        account,
        link::{ActiveModel, Column, Entity},
    },
    error::StorageError,
    many_keys::padded_lengths,
    to_millis,
};
use crate::{domain::account_id::AccountId, model::link::seen_lately_since};

/// Notes that the tokens of these links were used, and in which networks, if those are
/// known. One statement, however many they are.
pub(in crate::storage) async fn touch(
    db: &impl ConnectionTrait,
    links: Vec<(i64, Option<IpNet>)>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let links = padded_lengths(links, 1);
    let mut network = CaseStatement::new();
    for (id, seen_in) in &links {
        let seen_in = seen_in.map(|network| network.to_string());
        network = network.case(Expr::col(Column::Id).eq(*id), Expr::val(seen_in));
    }
    Entity::update_many()
        .col_expr(Column::LastSeenTime, Expr::val(to_millis(now)))
        .col_expr(
            Column::LastSeenNetwork,
            network.finally(Expr::col(Column::LastSeenNetwork)).into(),
        )
        .filter(Column::Id.is_in(links.iter().map(|(id, _)| *id)))
        .exec(db)
        .await?;
    Ok(())
}

/// Whether a machine of this account, which need not exist, was seen lately in `network`.
pub async fn is_seen_from(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    network: IpNet,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let id: Option<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(is_seen_lately(now))
        .filter(Column::AccountId.eq(account_id.to_db()))
        .filter(Column::LastSeenNetwork.eq(network.to_string()))
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(id.is_some())
}

/// Of the addresses by their keys and the networks beside them, those whose account has a
/// machine that was seen there lately. One statement, however many they are.
pub async fn find_seen<'a>(
    db: &impl ConnectionTrait,
    asked: impl IntoIterator<Item = (&'a str, IpNet)>,
    now: Timestamp,
) -> Result<HashSet<(String, IpNet)>, StorageError> {
    let (email_keys, networks): (Vec<&str>, Vec<String>) =
        asked.into_iter().map(|(email_key, network)| (email_key, network.to_string())).unzip();
    if email_keys.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<(String, String)> = Entity::find()
        .select_only()
        .column(account::Column::EmailKey)
        .column(Column::LastSeenNetwork)
        .inner_join(account::Entity)
        .filter(is_seen_lately(now))
        .filter(account::Column::EmailKey.is_in(padded_lengths(email_keys, 1)))
        .filter(Column::LastSeenNetwork.is_in(padded_lengths(networks, 1)))
        .into_tuple()
        .all(db)
        .await?;
    let seen = |(email_key, network): (String, String)| {
        let network = network.parse().map_err(|_| StorageError::damaged("last_seen_network"))?;
        Ok((email_key, network))
    };
    rows.into_iter().map(seen).collect()
}

/// Erases the networks of some machines that were not seen there lately; gives their
/// number.
pub(in crate::storage) async fn forget_networks(
    db: &impl ConnectionTrait,
    most: u64,
    now: Timestamp,
) -> Result<u64, StorageError> {
    let old = Condition::all()
        .add(Column::LastSeenNetwork.is_not_null())
        .add(Column::LastSeenTime.lt(to_millis(seen_lately_since(now))));
    let chunk = Entity::find().select_only().column(Column::Id).filter(old).limit(most);
    let row = ActiveModel { last_seen_network: Set(None), ..Default::default() };
    let update = Entity::update_many().set(row).filter(Column::Id.in_subquery(chunk.into_query()));
    Ok(update.exec(db).await?.rows_affected)
}

/// A release before kills a link without erasing its network.
fn is_seen_lately(now: Timestamp) -> Condition {
    Condition::all()
        .add(Column::UnlinkTime.is_null())
        .add(Column::LastSeenTime.gte(to_millis(seen_lately_since(now))))
}
