//! One edition of the NAF, and the words by which its codes are found. A search costs what it
//! finds: the words are sorted, and those that begin with a word of the query stand together.

use std::{collections::BTreeSet, ops::Range};

use crate::domain::{
    ape_code::ActivityCode,
    ape_query::{ApeQuery, significant_words},
};

/// A word of more letters than these is cut, by [`CUT`], when nothing is found.
const SHORTEST_TO_CUT: usize = 5;

/// The letters that *coiffeur* and *coiffure*, *boulangeries* and *boulanger* differ in.
const CUT: usize = 3;

/// How well a code matches, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The query is the name of a trade that has this code.
    Trade,
    /// It has every word.
    Words,
    /// It has words that begin so.
    Beginnings,
}

/// The codes of an edition.
#[derive(Debug)]
pub(super) struct ApeList {
    /// By code.
    entries: Vec<Entry>,
    /// Each word with the place of an entry that has it, sorted.
    words: Vec<(String, usize)>,
}

#[derive(Debug)]
struct Entry {
    code: ActivityCode,
    /// The words of each trade.
    trades: Vec<BTreeSet<String>>,
}

/// A word of a query in an entry, a bit each.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    whole: u32,
    begun: u32,
}

impl ApeList {
    /// The list of these codes, which the trades lead to.
    pub(super) fn new(codes: Vec<ActivityCode>, trades: &[(String, String)]) -> Self {
        let mut entries: Vec<Entry> =
            codes.into_iter().map(|code| Entry { code, trades: Vec::new() }).collect();
        entries.sort_by(|one, other| one.code.code.cmp(&other.code.code));
        let mut words = BTreeSet::new();
        for (place, entry) in entries.iter_mut().enumerate() {
            let leading = trades.iter().filter(|(_, code)| *code == entry.code.code);
            let trades = leading.map(|(trade, _)| significant_words(trade).into_iter().collect());
            entry.trades = trades.collect();
            let of_trades = entry.trades.iter().flatten().cloned();
            let all = significant_words(&entry.code.label).into_iter().chain(of_trades);
            words.extend(all.map(|word| (word, place)));
        }
        Self { entries, words: words.into_iter().collect() }
    }

    /// The codes that a query finds, the best first.
    pub(super) fn search(&self, query: &ApeQuery) -> Vec<&ActivityCode> {
        let codes = || self.entries.iter().map(|entry| &entry.code);
        match query {
            ApeQuery::All => codes().collect(),
            ApeQuery::Code(beginning) => {
                codes().filter(|code| code.code.starts_with(&**beginning)).collect()
            }
            ApeQuery::Words(words) => {
                let found = self.with_words(words);
                if !found.is_empty() {
                    return found;
                }
                self.with_words(&words.iter().map(|word| cut(word)).collect())
            }
        }
    }

    /// Every code and label, by which two lists differ.
    pub(super) fn contents(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().flat_map(|entry| [&*entry.code.code, &*entry.code.label])
    }

    fn with_words(&self, words: &BTreeSet<String>) -> Vec<&ActivityCode> {
        let mut found = vec![Found::default(); self.entries.len()];
        let mut all = 0;
        for (number, word) in words.iter().enumerate() {
            let bit = 1_u32.checked_shl(u32::try_from(number).unwrap_or(u32::MAX)).unwrap_or(0);
            all |= bit;
            for (full, place) in &self.words[self.beginning_with(word)] {
                let Some(found) = found.get_mut(*place) else { continue };
                found.begun |= bit;
                found.whole |= if full == word { bit } else { 0 };
            }
        }
        if all == 0 {
            return Vec::new();
        }
        let ranked = self.entries.iter().zip(found).filter(|(_, found)| found.begun == all);
        let mut ranked: Vec<(Rank, &ActivityCode)> = ranked
            .map(|(entry, found)| {
                let rank = if entry.trades.contains(words) {
                    Rank::Trade
                } else if found.whole == all {
                    Rank::Words
                } else {
                    Rank::Beginnings
                };
                (rank, &entry.code)
            })
            .collect();
        // Stable: within a rank they stay by code.
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, code)| code).collect()
    }

    /// Where the words stand that begin with this one.
    fn beginning_with(&self, word: &str) -> Range<usize> {
        let start = self.words.partition_point(|(full, _)| full.as_str() < word);
        let length = self.words[start..].partition_point(|(full, _)| full.starts_with(word));
        start..start + length
    }
}

/// A word without its last letters, if it is long.
fn cut(word: &str) -> String {
    let letters = word.chars().count();
    let kept = if letters > SHORTEST_TO_CUT { letters - CUT } else { letters };
    word.chars().take(kept).collect()
}
