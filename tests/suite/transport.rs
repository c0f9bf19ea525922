//! The way of a call to its RPC: TLS, HTTP/2, deadlines, and peers that are slow,
//! broken or hostile.

mod deadlines;
mod dialling;
mod goodbye;
mod health;
mod http2;
mod in_front;
mod panic;
mod proxy_header;
mod raw_bytes;
mod slow_peers;
mod tls;
mod tls_files;
mod unread;
mod unread_memory;
mod unreadable;
