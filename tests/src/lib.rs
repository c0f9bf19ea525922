//! The test server.
