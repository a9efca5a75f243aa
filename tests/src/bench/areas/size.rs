//! The size of the programs.

use crate::bench::context::Bench;
use crate::bench::load::as_f64;
use crate::bench::report::metric::Metric;
use crate::binaries::path;

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    for program in ["recado-server", "recado"] {
        let bytes = std::fs::metadata(path(program)?)?.len();
        let values = [(Metric::Size, as_f64(bytes / 1024) / 1024.0)];
        bench.samples.add_all("size", "on disk", program, &values);
    }
    Ok(())
}
