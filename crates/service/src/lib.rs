//! What every service needs around its work: settings, logs, the clock, a way to stop, files that may change while it
//! runs, and the HTTP port for operators.

pub mod admin;
pub mod clock;
mod error;
pub mod exit;
pub mod lifecycle;
pub mod settings;
pub mod stage;
pub mod telemetry;
pub mod watched;

pub use admin::Admin;
pub use clock::Clock;
pub use error::Error;
pub use exit::ExitCode;
pub use lifecycle::{Reload, Shutdown};
pub use settings::Settings;
pub use watched::WatchedFile;
