//! A digest of a row that is the same for the same values in any database.

use sea_orm::{
    ColumnTrait as _, EntityTrait, IdenStatic as _, Iterable as _, ModelTrait as _, Value,
};
use sha2::{Digest as _, Sha256};

use crate::storage::error::StorageError;

/// A digest of many rows, in their order.
#[derive(Default)]
pub(super) struct Digest(Sha256);

impl Digest {
    pub(super) fn of(text: &str) -> Self {
        Self(Sha256::new_with_prefix(text))
    }

    pub(super) fn add(&mut self, row: &[u8; 32]) {
        self.0.update(row);
    }

    pub(super) fn to_hex(&self) -> String {
        use std::fmt::Write as _;
        self.0.clone().finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// The digest of every column, its name included.
pub(super) fn of_row<E: EntityTrait>(row: &E::Model) -> Result<[u8; 32], StorageError> {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for column in E::Column::iter() {
        add(column.as_str().as_bytes());
        let value = match row.get(column) {
            Value::Bool(value) => value.map(|value| vec![u8::from(value)]),
            Value::Int(value) => value.map(|value| value.to_be_bytes().to_vec()),
            Value::BigInt(value) => value.map(|value| value.to_be_bytes().to_vec()),
            Value::String(value) => value.map(String::into_bytes),
            Value::Bytes(value) => value,
            Value::Uuid(value) => value.map(|value| value.as_bytes().to_vec()),
            _ => {
                let kind = column.def().get_column_type().clone();
                return Err(StorageError::damaged(&format!("no digest of {kind:?}")));
            }
        };
        match value {
            // An empty text is not NULL.
            Some(value) => {
                add(&[1]);
                add(&value);
            }
            None => add(&[0]),
        }
    }
    Ok(digest.finalize().into())
}
