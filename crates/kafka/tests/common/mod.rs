//! A real Apache Kafka for tests, on loopback and in its own folder.

#![expect(clippy::expect_used, clippy::panic, reason = "a test without its broker cannot go on")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use quaywatch_kafka::Settings;
use tempfile::TempDir;

/// Brokers that stop, and whose data goes, when this is dropped, or soon after the test process is gone.
pub(crate) struct Broker {
    dir: TempDir,
    brokers: String,
}

fn script(arguments: &[&str], dir: &Path) -> Output {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/local/kafka.sh");
    Command::new(&script)
        .args(arguments)
        .arg("--dir")
        .arg(dir)
        .output()
        .unwrap_or_else(|error| panic!("{} does not run: {error}", script.display()))
}

fn checked(arguments: &[&str], dir: &Path) -> String {
    let output = script(arguments, dir);
    assert!(
        output.status.success(),
        "kafka.sh {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("the script prints text").trim().to_owned()
}

// Each test program uses its part.
#[allow(dead_code, clippy::allow_attributes, reason = "no test program uses everything")]
impl Broker {
    /// One broker.
    pub(crate) fn start() -> Self {
        Self::start_nodes(1)
    }

    /// One broker or three.
    pub(crate) fn start_nodes(nodes: u8) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (nodes, owner) = (nodes.to_string(), std::process::id().to_string());
        let brokers = checked(&["start", "--nodes", &nodes, "--owner", &owner], dir.path());
        Self { dir, brokers }
    }

    /// `host:port` of each broker.
    pub(crate) fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Settings for a part of the brokers of its own: tests in one program share brokers under different prefixes.
    pub(crate) fn settings(&self, prefix: &str) -> Settings {
        let mut settings = Settings::for_brokers(self.brokers.clone());
        prefix.clone_into(&mut settings.prefix);
        settings
    }

    /// SIGKILL.
    pub(crate) fn kill(&self, node: u8) {
        checked(&["kill-node", &node.to_string()], self.dir.path());
    }

    /// Stops a node in order.
    pub(crate) fn stop(&self, node: u8) {
        checked(&["stop-node", &node.to_string()], self.dir.path());
    }

    /// Starts a node again, with its data and ports.
    pub(crate) fn restart(&self, node: u8) {
        checked(&["start-node", &node.to_string()], self.dir.path());
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let output = script(&["stop"], self.dir.path());
        if !output.status.success() {
            eprintln!("kafka.sh stop: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
