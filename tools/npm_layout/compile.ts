/**
 * Modules as Node, Bun and bundlers take them: JavaScript, and declarations beside it.
 *
 * @module
 */
import ts from "typescript";

/** A module, compiled. */
export interface Compiled {
  readonly code: string;
  readonly declarations: string;
}

/** What a module asks for. */
export interface Imports {
  /** Modules of the package, as they are written. */
  readonly own: readonly string[];
  /** All others. */
  readonly foreign: readonly string[];
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};

const isOwn = (specifier: string): boolean => /^\.\.?\//.test(specifier);

/** The name that a module has once it is compiled. */
export const compiledName = (path: string): string => path.replace(/\.tsx?$/, ".js");

/** The name of its declarations. */
export const declarationsName = (path: string): string => path.replace(/\.[jt]sx?$/, ".d.ts");

/** Puts another specifier wherever a module names one. */
function renaming<T extends ts.SourceFile | ts.Bundle>(
  rename: (specifier: string) => string,
): ts.TransformerFactory<T> {
  return (context) => {
    const { factory } = context;
    const named = (node: ts.StringLiteral): ts.StringLiteral =>
      factory.createStringLiteral(rename(node.text));
    const visit = (node: ts.Node): ts.Node => {
      if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
        const { modifiers, importClause, moduleSpecifier, attributes } = node;
        return factory.updateImportDeclaration(
          node,
          modifiers,
          importClause,
          named(moduleSpecifier),
          attributes,
        );
      }
      const from = ts.isExportDeclaration(node) ? node.moduleSpecifier : undefined;
      if (ts.isExportDeclaration(node) && from && ts.isStringLiteral(from)) {
        const { modifiers, isTypeOnly, exportClause, attributes } = node;
        return factory.updateExportDeclaration(
          node,
          modifiers,
          isTypeOnly,
          exportClause,
          named(from),
          attributes,
        );
      }
      if (
        ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword &&
        ts.isStringLiteral(node.arguments[0])
      ) {
        const [first, ...others] = node.arguments;
        const args = [named(first as ts.StringLiteral), ...others];
        return factory.updateCallExpression(node, node.expression, undefined, args);
      }
      if (
        ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) &&
        ts.isStringLiteral(node.argument.literal)
      ) {
        const argument = factory.createLiteralTypeNode(named(node.argument.literal));
        const { attributes, qualifier, typeArguments, isTypeOf } = node;
        return factory.updateImportTypeNode(
          node,
          argument,
          attributes,
          qualifier,
          typeArguments?.map((each) => visit(each) as ts.TypeNode),
          isTypeOf,
        );
      }
      return ts.visitEachChild(node, visit, context);
    };
    return (file) => ts.visitNode(file, visit) as T;
  };
}

/**
 * What a module imports, types included.
 *
 * @param code Its code.
 */
export function importsOf(code: string): Imports {
  const names = ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName);
  return { own: names.filter(isOwn), foreign: names.filter((name) => !isOwn(name)) };
}

/**
 * Compiles a module, by itself.
 *
 * @param path Its path in the package.
 * @param code Its code.
 * @param rename What other modules are called; its own are called by their compiled names.
 * @throws {SyntaxError} When it is no TypeScript, or exports what has no type of its own.
 */
export function compile(
  path: string,
  code: string,
  rename: (specifier: string) => string,
): Compiled {
  const renamed = (specifier: string): string =>
    isOwn(specifier) ? compiledName(specifier) : rename(specifier);
  const input = { fileName: path, reportDiagnostics: true };
  const script = ts.transpileModule(code, {
    ...input,
    compilerOptions: { ...OPTIONS, allowJs: true },
    transformers: { before: [renaming<ts.SourceFile>(renamed)] },
  });
  const types = ts.transpileDeclaration(code, {
    ...input,
    compilerOptions: { ...OPTIONS, declaration: true, isolatedDeclarations: true },
    transformers: { afterDeclarations: [renaming<ts.SourceFile | ts.Bundle>(renamed)] },
  });
  const [problem] = script.diagnostics ?? [];
  if (problem) {
    const text = ts.flattenDiagnosticMessageText(problem.messageText, " ");
    throw new SyntaxError(`Cannot compile ${path}: ${text}`);
  }
  return { code: script.outputText, declarations: types.outputText };
}
