/* node --no-warnings tests/wasi.mjs PROGRAM.wasm ARGUMENT...: runs a WASI program, which sees this
 * folder and /tmp. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { argv, cwd, exit } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { WASI } from 'node:wasi';

// V8 of node 20 may fail ("unreachable code") when a program's memory grows while it marks garbage.
setFlagsFromString('--no-incremental-marking');
const wasi = new WASI({
    version: 'preview1', args: argv.slice(2), env: {},
    preopens: { '.': '.', [cwd()]: '.', '/tmp': tmpdir() },
});
const program = await WebAssembly.compile(await readFile(argv[2]));
exit(wasi.start(await WebAssembly.instantiate(program, wasi.getImportObject())));
