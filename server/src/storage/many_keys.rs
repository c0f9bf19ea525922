//! A statement for many keys in one round trip, whose text is made once: to make it anew
//! takes longer than a database takes to find a row by it.

use std::iter;

use sea_orm::{
    DbBackend, ExprTrait as _, Statement, Value,
    sea_query::{ArrayType, Expr, Func, Query, SelectStatement, SimpleExpr},
};

/// PostgreSQL plans for ten keys where it does not look at them. Given fewer, it
/// looks, and plans anew each time, which takes longer than to find the rows.
const PLANNED_FOR: usize = 16;

/// The statement for one key, for two, four and so on; or, on PostgreSQL, where all
/// keys are one value of it, the only one.
#[derive(Debug)]
pub(super) struct ManyKeys {
    backend: DbBackend,
    keys: ArrayType,
    texts: Vec<String>,
}

impl ManyKeys {
    /// For up to `most` keys of the kind of `example`; `select` is given the
    /// condition that its `column` is one of them.
    pub(super) fn new(
        backend: DbBackend,
        most: usize,
        (example, keys): (Value, ArrayType),
        column: impl Fn() -> Expr,
        select: impl Fn(SimpleExpr) -> SelectStatement,
    ) -> Self {
        let text = |is_one| backend.build(&select(is_one)).sql;
        let texts = match backend {
            DbBackend::Postgres => {
                let one = Value::Array(keys.clone(), Some(Box::new(vec![example])));
                let all = Func::cust("unnest").arg(Expr::val(one));
                vec![text(column().in_subquery(Query::select().expr(all).take()))]
            }
            _ => iter::successors(Some(1), |length| Some(2 * length))
                .take_while(|length| length / 2 < most)
                .map(|length| text(column().is_in(vec![example.clone(); length])))
                .collect(),
        };
        Self { backend, keys, texts }
    }

    /// The statement for `keys`, of which there is at least one, and whatever else
    /// it was made with.
    pub(super) fn statement(
        &self,
        keys: Vec<Value>,
        others: impl IntoIterator<Item = Value>,
    ) -> Statement {
        let mut values = match self.backend {
            DbBackend::Postgres => {
                let keys = padded_lengths(keys, PLANNED_FOR);
                vec![Value::Array(self.keys.clone(), Some(Box::new(keys)))]
            }
            _ => padded_lengths(keys, 1),
        };
        let text = values.len().ilog2() as usize;
        values.extend(others);
        Statement::from_sql_and_values(self.backend, &self.texts[text], values)
    }
}

/// Repeats the last key until there are as many as a power of two, and `least`:
/// each length makes a statement of its own, and drivers keep only so many prepared.
pub(super) fn padded_lengths<T: Clone>(mut keys: Vec<T>, least: usize) -> Vec<T> {
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two().max(least), last);
    }
    keys
}
