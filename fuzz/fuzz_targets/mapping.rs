#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| omnisend_export_fuzz::mapping(bytes));
