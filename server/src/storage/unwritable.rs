//! What is told when SQLite cannot write where its database is: the folder, and what to do. SQLite
//! itself says only that it cannot open a file. It makes two more beside the database (`-wal`,
//! `-shm`), so that a file which may be written is not enough.

use std::{fmt::Display, io, path::Path};

use sea_orm::{DbErr, RuntimeErr};

use super::error::StorageError;

/// Why a file cannot be made.
pub(super) fn not_created(path: &Path, error: &io::Error) -> StorageError {
    StorageError::unreachable(format!("cannot create {}: {}", path.display(), way_out(path, error)))
}

/// An error of opening the database, in words for an operator if it is for want of permission.
pub(super) fn explained(path: &Path, error: StorageError) -> StorageError {
    if !is_about_writing(&error) || !path.exists() {
        return error;
    }
    let why = match tempfile::tempfile_in(folder(path)) {
        Err(error) => way_out(path, &error),
        Ok(_) => "it, or a file that SQLite keeps beside it, belongs to somebody else: give them \
                  to the user that runs this program (chown)"
            .to_owned(),
    };
    StorageError::unreachable(format!("cannot write {}: {why}", path.display()))
}

fn way_out(path: &Path, error: &io::Error) -> String {
    let folder = folder(path).display();
    let told = |why: &dyn Display, remedy: &str| {
        format!("{why}: {remedy}, or name another place for the database")
    };
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => told(
            &format_args!("the file system of its folder {folder} is read-only"),
            "mount it so that this program may write",
        ),
        io::ErrorKind::PermissionDenied => told(
            &format_args!("this program may not write in its folder {folder}"),
            "give the folder to the user that runs this program (chown)",
        ),
        _ => told(&error, "see to its folder"),
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// READONLY and CANTOPEN: <https://www.sqlite.org/rescode.html>.
fn is_about_writing(error: &StorageError) -> bool {
    let StorageError::Unavailable(DbErr::Conn(RuntimeErr::SqlxError(cause))) = error else {
        return false;
    };
    let code = cause.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let code = code.and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| matches!(code & 0xFF, 8 | 14))
}
