#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lameduck::readers::proc_net(bytes));
