//! Owns the hand-over from libraries that write to an output of their own to the output that each call is given.
//! Must not know what is written.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An output that keeps what is written until it is drained. Clones share what they keep.
#[derive(Clone, Default)]
pub struct Spill(Arc<Mutex<Vec<u8>>>);

impl Spill {
    fn kept(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over what is kept.
    ///
    /// # Errors
    /// The output's.
    pub fn drain(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut kept = self.kept();
        if !kept.is_empty() {
            out.write_all(&kept)?;
            kept.clear();
        }
        Ok(())
    }
}

impl Write for Spill {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.kept().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
