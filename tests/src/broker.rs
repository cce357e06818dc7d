//! Apache Kafka on loopback, in a folder of its own, by `deploy/local/kafka.sh`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// Brokers that stop, and whose data goes, when this is dropped or soon after the process is gone.
pub struct Broker {
    dir: TempDir,
    brokers: String,
}

impl Broker {
    /// One broker.
    ///
    /// # Errors
    /// When Java or Maven is missing, or it does not start.
    pub fn start() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let owner = std::process::id().to_string();
        let brokers = script(&["start", "--nodes", "1", "--owner", &owner], dir.path())?;
        Ok(Self { dir, brokers: brokers.trim().to_owned() })
    }

    /// `host:port`.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// SIGKILL, and a new start with the same data.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn crash_and_restart(&self) -> Result<()> {
        script(&["kill-node", "1"], self.dir.path())?;
        script(&["start-node", "1"], self.dir.path())?;
        Ok(())
    }

    /// An orderly stop, and a new start with the same data.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn restart(&self) -> Result<()> {
        script(&["stop-node", "1"], self.dir.path())?;
        script(&["start-node", "1"], self.dir.path())?;
        Ok(())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Err(error) = script(&["stop"], self.dir.path()) {
            eprintln!("{error:#}");
        }
    }
}

/// Root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

fn script(arguments: &[&str], dir: &Path) -> Result<String> {
    let script = repository().join("deploy/local/kafka.sh");
    let output = Command::new(&script)
        .args(arguments)
        .arg("--dir")
        .arg(dir)
        .output()
        .with_context(|| format!("{} does not run", script.display()))?;
    if !output.status.success() {
        bail!("kafka.sh {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
