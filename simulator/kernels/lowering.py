"""Compile kernels once, where they end up: LLVM sees no function alone that others alone call.

Numba optimises each function by itself, turns it into machine code, and then does both again with all of it
inside each caller. Here a function that only kernels call stays as it was written until the outermost one is
compiled: a third of LLVM's work, and the same bits.
"""

# mypy: disable-error-code="no-untyped-call"
# Numba's own functions have no types.

import numba._dynfunc as functions
from numba.core import compiler, typed_passes
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass


class _Written(JITCodeLibrary):
    """A function as it was written, with all that it calls."""

    def _optimize_final_module(self):
        """Leave it to the library of the outermost function."""

    def _finalize_final_module(self):
        """Make no machine code."""
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _Write(typed_passes.NativeLowering):
    """Lower a function to LLVM's language, and let other kernels, but not Python, call it."""

    _name = "write_kernel"

    def run_pass(self, state):
        context = state.targetctx
        state.library = _Written(context.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        done = state["cr"]
        name = done.fndesc.qualname.split(".")[-1]
        module = done.fndesc.lookup_module()
        function = functions.make_function(module, name, "", 0, done.env, (state.library,))
        context.insert_user_function(function, done.fndesc, [state.library])
        state["cr"] = done._replace(cfunc=function)
        if not state.flags.forceinline:
            # LLVM would put a long function into its one caller, and its work grows with the square of that.
            written = state.library._final_module.get_function(done.fndesc.llvm_func_name)
            written.add_function_attribute("noinline")
        return True


class Kernel(compiler.Compiler):
    """The pipeline of Numba for functions that only kernels call: inlined where forced, else never."""

    def define_pipelines(self):
        """Return Numba's passes, the last but for how a function is lowered."""
        pipelines = super().define_pipelines()
        for passes in pipelines:
            passes.passes = [
                (_Write if step is typed_passes.NativeLowering else step, words)
                for step, words in passes.passes
            ]
        return pipelines
