//! The steps of the window, without a window and without a service: calls are taken as the wizard
//! gives them out, and answered as a service would.

#![expect(clippy::expect_used, reason = "what a test needs and does not get ends the test")]

mod random;
mod scene;
mod steps;
mod wait;
