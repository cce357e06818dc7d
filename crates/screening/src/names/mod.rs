//! Names: how they are written, which of a million listed ones a name may be, how sure that is, and why.
//!
//! One normaliser serves index and query; the gate proposes without ever walking the list; the scorer decides and keeps
//! the alignment as the explanation.
//!
//! | question | file |
//! | --- | --- |
//! | how do characters become words? | `fold.rs`, `scripts.rs` |
//! | which words mean less than a name, and which spell the same one? | `dictionary.rs`, `data/` |
//! | what is a name made of? | `prepare.rs`, `persons.rs`, `things.rs` |
//! | how far apart are two words, and do they sound alike? | `distance.rs`, `sound.rs` |
//! | how well do two names agree, and why? | `score.rs`, `align.rs`, `explain.rs` |
//! | which listed names are worth scoring? | `index.rs`, `gate.rs`, `neighbours.rs`, `bound.rs`, `sketch.rs`, `multimap.rs` |
//! | how does a list change under way? | `book.rs` |
//! | what counts beside the name, and from which score on? | `qualify.rs`, `bands.rs` |
//! | what is not computed twice? | `memo.rs` |

mod align;
mod bands;
mod book;
mod bound;
mod dictionary;
mod distance;
mod explain;
mod fold;
mod gate;
mod index;
mod memo;
mod multimap;
mod neighbours;
mod persons;
mod prepare;
mod qualify;
mod score;
mod scripts;
mod sketch;
mod sound;
mod things;

pub use bands::{Bands, ListBands};
pub use book::{Book, MAX_NAME_HITS, NameHit, Searcher, name_kind};
pub use explain::{Explanation, Step, WordMatch};
pub use gate::{Candidates, Scratch};
pub use index::{IndexBuilder, ListedName, NameIndex};
pub use memo::Memo;
pub use prepare::{MAX_WORDS, NameKind, Prepared};
pub use qualify::Party;
pub use score::{DEFAULT_THRESHOLD, explain_pair, score_pair, score_prepared};
