//! The search: one range of the index is read in its order, and for each of its entries the
//! other words are asked for. What it costs is bounded by how much of the range is read,
//! whatever is asked.

use sea_orm::{ConnectionTrait, Statement, Value};

use super::account_id;
use crate::{domain::account_id::AccountId, storage::error::StorageError};

/// Sorts behind every word that begins with what stands before it: the last character there
/// is, and in no word.
const END: char = '\u{10FFFF}';

/// An entry of the index.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// A word.
    pub word: String,
    /// An account that has it.
    pub account_id: AccountId,
}

/// What is looked for, a page of it.
pub struct Search<'a> {
    /// The beginning of a word, whose entries are read.
    pub driver: &'a str,
    /// Beginnings of words that the account must have, too.
    pub others: Vec<&'a str>,
    /// Accounts that have all of these are left out; none are, if there are no words.
    pub not_all_of: Vec<&'a str>,
    /// Accounts that have this very word are left out.
    pub not_with: Option<&'a str>,
    /// So are these.
    pub without: &'a [AccountId],
    /// The last entry that was read before.
    pub after: Option<&'a Entry>,
    /// How many entries are read at most.
    pub entries: u32,
    /// How many accounts are found at most.
    pub limit: usize,
}

/// What a search came to.
pub struct Found {
    /// The first entry of each account that was found, in the order of the index.
    pub hits: Vec<Entry>,
    /// The last entry that may be read, where there are as many as may be.
    pub bound: Option<Entry>,
}

/// How many entries there are of words with each of these beginnings, but no more than `most`.
pub async fn count_beginnings<'a>(
    db: &impl ConnectionTrait,
    words: impl IntoIterator<Item = &'a str>,
    after: Option<&Entry>,
    most: u32,
) -> Result<Vec<u32>, StorageError> {
    let mut sql = Sql::default();
    let mut counts = Vec::new();
    for word in words {
        let range = sql.range(word, after);
        let most = sql.value(i64::from(most));
        // In the order of the index: PostgreSQL would otherwise rather read the table, where
        // it takes a word for a usual one.
        counts.push(format!(
            "(SELECT count(*) FROM (SELECT 1 FROM account_word WHERE {range} \
             ORDER BY word, account_id LIMIT {most}) AS entry)"
        ));
    }
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let statement = sql.statement(db, &format!("SELECT {}", counts.join(", ")));
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| StorageError::damaged("counts"))?;
    let count = |place| {
        let count: i64 = row.try_get_by_index(place)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    };
    (0..counts.len()).map(count).collect()
}

/// Searches a page.
pub async fn search(db: &impl ConnectionTrait, search: &Search<'_>) -> Result<Found, StorageError> {
    let statement = search_statement(db, search);
    let (mut hits, mut bound) = (Vec::new(), None);
    for row in db.query_all_raw(statement).await? {
        let entry = Entry {
            word: row.try_get_by_index(0)?,
            account_id: account_id(row.try_get_by_index(1)?)?,
        };
        let is_hit: i32 = row.try_get_by_index(2)?;
        if is_hit == 1 { hits.push(entry) } else { bound = Some(entry) }
    }
    Ok(Found { hits, bound })
}

/// The statement, which a test holds.
//
// Each condition is a subquery with a value, and not an EXISTS: of that PostgreSQL 15 made a
// join over all entries of the other word, which took seconds. The bound is read by the same
// statement, so that nothing comes between it and what is read up to it.
#[must_use]
pub fn search_statement(db: &impl ConnectionTrait, search: &Search<'_>) -> Statement {
    let mut sql = Sql::default();
    let range = sql.range(search.driver, search.after);
    let entries = sql.value(i64::from(search.entries));
    let mut conditions = Vec::new();
    if !search.without.is_empty() {
        let ids: Vec<String> = search.without.iter().map(|id| sql.value(id.to_db())).collect();
        conditions.push(format!("driver.account_id NOT IN ({})", ids.join(", ")));
    }
    for other in &search.others {
        let other = sql.has(other);
        conditions.push(format!("{other} = 1"));
    }
    if !search.not_all_of.is_empty() {
        let has_all: Vec<String> = search.not_all_of.iter().map(|word| sql.has(word)).collect();
        conditions.push(format!("COALESCE({}, 0) = 0", has_all.join(" + ")));
    }
    if let Some(word) = search.not_with {
        let word = sql.value(word.to_owned());
        conditions.push(format!("(SELECT 1 {OTHER} AND other.word = {word} LIMIT 1) IS NULL"));
    }
    // An account with several such words is found by the first one.
    let from = sql.value(search.driver.to_owned());
    conditions.push(format!(
        "(SELECT 1 {OTHER} AND other.word >= {from} AND other.word < driver.word LIMIT 1) IS NULL"
    ));
    let conditions = conditions.join(" AND ");
    let limit = sql.value(i64::try_from(search.limit).unwrap_or(i64::MAX));
    let last = sql.value(i64::from(search.entries.saturating_sub(1)));
    let text = format!(
        "SELECT word, account_id, 1 AS is_hit FROM (SELECT word, account_id FROM (\
         SELECT word, account_id FROM account_word WHERE {range} \
         ORDER BY word, account_id LIMIT {entries}) AS driver \
         WHERE {conditions} LIMIT {limit}) AS hit \
         UNION ALL SELECT word, account_id, 0 FROM (SELECT word, account_id FROM account_word \
         WHERE {range} ORDER BY word, account_id LIMIT 1 OFFSET {last}) AS bound"
    );
    sql.statement(db, &text)
}

const OTHER: &str = "FROM account_word AS other WHERE other.account_id = driver.account_id";

/// The values of a statement, as its text is written.
#[derive(Default)]
struct Sql(Vec<Value>);

impl Sql {
    /// The name of a value. Both databases take these names.
    fn value(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    /// The entries of the words with this beginning, behind `after`.
    fn range(&mut self, beginning: &str, after: Option<&Entry>) -> String {
        let from = self.value(beginning.to_owned());
        let to = self.value(format!("{beginning}{END}"));
        let range = format!("word >= {from} AND word < {to}");
        let Some(Entry { word, account_id }) = after else { return range };
        let (word, id) = (self.value(word.clone()), self.value(account_id.to_db()));
        format!("{range} AND (word, account_id) > ({word}, {id})")
    }

    /// 1 where the account has a word with this beginning.
    fn has(&mut self, beginning: &str) -> String {
        let from = self.value(beginning.to_owned());
        let to = self.value(format!("{beginning}{END}"));
        format!("(SELECT 1 {OTHER} AND other.word >= {from} AND other.word < {to} LIMIT 1)")
    }

    fn statement(self, db: &impl ConnectionTrait, text: &str) -> Statement {
        Statement::from_sql_and_values(db.get_database_backend(), text, self.0)
    }
}
