//! One file a command.

pub(crate) mod backtest;
pub(crate) mod baseline;
pub(crate) mod deadletters;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod feeds;
pub(crate) mod ingest;
pub(crate) mod normalize;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod seal;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod tail;
pub(crate) mod topics;
pub(crate) mod watchlist;

/// Writes text and a line end to stdout; a closed pipe ends the program quietly.
pub(crate) fn print_text(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Writes one JSON document and a line end to stdout; a closed pipe ends the program quietly.
pub(crate) fn print_line(value: &impl serde::Serialize) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    std::io::stdout().write_all(&line)?;
    Ok(())
}
