//! The way of a call to its RPC: TLS, HTTP/2, deadlines, and peers that are slow,
//! broken or hostile.

mod deadlines;
mod health;
mod http2;
mod panic;
mod raw_bytes;
mod slow_peers;
mod tls;
mod unread;
mod unread_memory;
mod unreadable;
