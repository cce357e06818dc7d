//! The services as processes.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::broker::repository;
use crate::wait_for;

/// Longest time for a service to be ready: start, join its group, restore its state.
pub const READY_LIMIT: Duration = Duration::from_secs(90);

/// One service process; killed when dropped.
pub struct Service {
    name: String,
    child: Child,
    admin: u16,
}

impl Service {
    /// Starts `quaywatch NAME` with these settings (`section.field`, value); its log goes to `log`.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(name: &str, settings: &[(String, String)], log: &Path) -> Result<Self> {
        let admin = free_port()?;
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        let mut command = Command::new(binary()?);
        for (key, value) in settings {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        let child = command
            .arg("--set")
            .arg(format!("admin.listen=127.0.0.1:{admin}"))
            .arg(name)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        Ok(Self { name: name.to_owned(), child, admin })
    }

    /// Waits until `/readyz` says so.
    ///
    /// # Errors
    /// When it ends or is not ready in time.
    pub fn wait_ready(&mut self) -> Result<()> {
        let what = format!("{} to be ready", self.name);
        wait_for(&what, READY_LIMIT, || {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}", self.name);
            }
            Ok(self.get("readyz").is_ok_and(|(status, _)| status == 200))
        })
    }

    /// Whether `/readyz` says so now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.get("readyz").is_ok_and(|(status, _)| status == 200)
    }

    /// The value of a metric whose line starts with `start`; 0 when there is none.
    ///
    /// # Errors
    /// When the service does not answer.
    pub fn metric(&self, start: &str) -> Result<f64> {
        let (_, text) = self.get("metrics")?;
        let lines = text.lines().filter(|line| line.starts_with(start));
        Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// How many lines of metrics start so.
    ///
    /// # Errors
    /// When the service does not answer.
    pub fn lines(&self, start: &str) -> Result<usize> {
        let (_, text) = self.get("metrics")?;
        Ok(text.lines().filter(|line| line.starts_with(start)).count())
    }

    /// The buckets of a histogram: upper bound and count up to it.
    ///
    /// # Errors
    /// When the service does not answer.
    pub fn buckets(&self, start: &str) -> Result<Vec<(f64, f64)>> {
        let (_, text) = self.get("metrics")?;
        let of = |line: &str| {
            let bound = line.split("le=\"").nth(1)?.split('"').next()?;
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
            Some((bound, line.rsplit(' ').next()?.parse().ok()?))
        };
        Ok(text.lines().filter(|line| line.starts_with(start)).filter_map(of).collect())
    }

    /// Id of the process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn get(&self, path: &str) -> Result<(u16, String)> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(5)))
            .build()
            .new_agent();
        let mut answer = agent.get(format!("http://127.0.0.1:{}/{path}", self.admin)).call()?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }

    /// SIGKILL, at once.
    ///
    /// # Errors
    /// When the process cannot be reaped.
    pub fn kill(&mut self) -> Result<()> {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM; returns the exit code.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn stop(mut self) -> Result<i32> {
        self.signal("TERM")?;
        let mut code = None;
        wait_for(&format!("{} to stop", self.name), Duration::from_secs(30), || {
            code = self.child.try_wait()?;
            Ok(code.is_some())
        })?;
        code.and_then(|status| status.code()).ok_or_else(|| anyhow!("{} was killed by a signal", self.name))
    }

    /// SIGSTOP: the process is frozen and notices nothing.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn freeze(&self) -> Result<()> {
        self.signal("STOP")
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn thaw(&self) -> Result<()> {
        self.signal("CONT")
    }

    fn signal(&self, name: &str) -> Result<()> {
        let status =
            Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status()?;
        if !status.success() {
            bail!("kill -{name} {} failed", self.name);
        }
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the binary to its end; returns exit code, stdout and stderr.
///
/// # Errors
/// When it cannot be started.
pub fn run(arguments: &[&str], settings: &[(String, String)]) -> Result<(i32, String, String)> {
    let mut command = Command::new(binary()?);
    for (key, value) in settings {
        command.arg("--set").arg(format!("{key}={value}"));
    }
    let output = command.args(arguments).stdin(Stdio::null()).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

/// The binary of this build; built now when `cargo test` was started without it.
///
/// # Errors
/// When it cannot be built.
pub fn binary() -> Result<&'static Path> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = BINARY.get_or_init(|| find_binary().map_err(|e| format!("{e:#}")));
    found.as_deref().map_err(|why| anyhow!("{why}"))
}

fn find_binary() -> Result<PathBuf> {
    // Test programs are in target/PROFILE/deps.
    let own = std::env::current_exe()?;
    let profile = own.parent().and_then(Path::parent).context("no target folder")?;
    let release = profile.ends_with("release");
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(repository()).args(["build", "--quiet", "-p", "quaywatch"]);
    build
        .args(release.then_some("--release"))
        .env("CARGO_TARGET_DIR", profile.parent().context("no target folder")?);
    if !build.status()?.success() {
        bail!("the binary cannot be built");
    }
    Ok(profile.join("quaywatch"))
}

/// A port that nobody uses now, below those that the system gives to clients: one of these is taken by the next connection.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const PORTS: std::ops::Range<u16> = 10_000..32_000;
    let own = u16::try_from(std::process::id() % 200).unwrap_or_default() * 100;
    let tries = std::iter::repeat_with(|| own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)));
    let ports = tries.take(1_000).map(|n| PORTS.start + n % (PORTS.end - PORTS.start));
    let mut free = ports.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().context("no free port between 10000 and 32000")
}
