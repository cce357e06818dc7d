//! Goal: each rule raises what it is for, when it is for it, and stays silent on what only looks alike.
//!
//! Method: one file a rule tells short stories, event by event, to a world of timelines and reads the alerts; each known
//! cause of false positives has a near miss.

#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;

#[cfg(test)]
mod aging;
#[cfg(test)]
mod alert_lifecycle;
#[cfg(test)]
mod baselines;
mod combinations;
mod contagion;
#[cfg(test)]
mod control;
#[cfg(test)]
mod customs_status;
#[cfg(test)]
mod door_opened;
#[cfg(test)]
mod driver_badge;
#[cfg(test)]
mod duplicate_seal;
#[cfg(test)]
mod dwell;
#[cfg(test)]
mod empty_depot;
#[cfg(test)]
mod gate_out_under_hold;
#[cfg(test)]
mod ghost_box;
#[cfg(test)]
mod identity_hijack;
#[cfg(test)]
mod let_go;
#[cfg(test)]
mod long_stays;
#[cfg(test)]
mod look_ups;
#[cfg(test)]
mod message_spoofing;
#[cfg(test)]
mod out_and_back;
#[cfg(test)]
mod people;
mod profiles;
#[cfg(test)]
mod reefer_anomaly;
#[cfg(test)]
mod release_right;
#[cfg(test)]
mod route;
#[cfg(test)]
mod scan_gap;
#[cfg(test)]
mod seal_change;
#[cfg(test)]
mod seal_sequence;
#[cfg(test)]
mod shell_importer;
#[cfg(test)]
mod siblings;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod trojan_box;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod two_places;
#[cfg(test)]
mod unordered_move;
#[cfg(test)]
mod unplanned_restow;
#[cfg(test)]
mod watchlist_hit;
#[cfg(test)]
mod weight;
