//! Rows read column by column, by position: to look each column up by its name
//! takes longer than to find the row.

/// Declares an entity's row, and reads it from one list: the columns are selected in the
/// order of `Column::iter`, which is that of the fields, and are read in that order.
macro_rules! by_position {
    (
        $(#[$of_row:meta])*
        pub struct Model { $($(#[$of_column:meta])* pub $column:ident: $type:ty,)+ }
    ) => {
        $(#[$of_row])*
        pub struct Model { $($(#[$of_column])* pub $column: $type,)+ }

        impl Model {
            /// How many columns it has.
            pub const WIDTH: usize = [$(stringify!($column)),+].len();

            /// Reads the columns, of which the first stands at `first`.
            pub fn read(row: &sea_orm::QueryResult, first: usize) -> Result<Self, DbErr> {
                let mut positions = first..;
                let mut next = || positions.next().unwrap_or(usize::MAX);
                Ok(Self { $($column: row.try_get_by_index(next())?,)+ })
            }
        }
    };
}

pub(super) use by_position;
