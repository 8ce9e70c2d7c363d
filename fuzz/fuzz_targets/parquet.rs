#![no_main]

use std::{panic, sync::Once};

static QUIET: Once = Once::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // libFuzzer's hook ends the process at any panic. The library's own, in a damaged file, are caught by the reader;
    // what is not caught ends the process all the same.
    QUIET.call_once(|| panic::set_hook(Box::new(|_| ())));
    omnisend_export_fuzz::parquet(bytes);
});
