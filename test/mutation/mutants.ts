// Mutants: each a small change of a source that a good test must notice, made from the syntax tree.

import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast'
import {
  isArrowFunction,
  isBinaryExpression,
  isBreakStatement,
  isConditionalExpression,
  isContinueStatement,
  isDoStatement,
  isExpressionStatement,
  isForStatement,
  isIfStatement,
  isImportDeclaration,
  isLiteralTypeNode,
  isNoSubstitutionTemplateLiteral,
  isPostfixUnaryExpression,
  isPrefixUnaryExpression,
  isRegularExpressionLiteral,
  isReturnStatement,
  isStringLiteral,
  isTemplateExpression,
  isThrowStatement,
  isWhileStatement,
} from 'typescript/unstable/ast/is'
import { API } from 'typescript/unstable/sync'

/** [from, to) of the file is to be `text`. */
export type Mutant = {
  readonly file: string
  readonly line: number
  readonly from: number
  readonly to: number
  readonly text: string
  readonly was: string
}

const operators: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '??=': ['='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&': ['|'],
  '|': ['&'],
  '^': ['|'],
  '<<': ['>>'],
  '>>': ['<<'],
  '+=': ['-='],
  '-=': ['+='],
}

/** Every mutant of the files of one project, in their order. */
export function readMutants(project: string, files: readonly string[]): Mutant[] {
  const api = new API()
  try {
    const { program } = api.updateSnapshot({ openProjects: [project] }).getProjects()[0]!
    return files.flatMap(file => mutantsOf(program.getSourceFile(file)!))
  } finally {
    api.close()
  }
}

function mutantsOf(source: SourceFile): Mutant[] {
  const mutants: Mutant[] = []
  const visit = (node: Node): void => {
    if (isImportDeclaration(node) || isLiteralTypeNode(node)) return
    for (const [part, text] of changesOf(node)) {
      const from = part.getStart(source)
      const { line } = source.getLineAndCharacterOfPosition(from)
      const was = source.text.slice(from, part.end)
      if (text !== was) mutants.push({ file: source.fileName, line: line + 1, from, to: part.end, text, was })
    }
    node.forEachChild(visit)
  }
  visit(source)
  return mutants
}

/** Parts of `node` (itself, or what is directly in it) with what to write there. */
function* changesOf(node: Node): Generator<readonly [part: Node, text: string]> {
  if (isBinaryExpression(node)) {
    for (const operator of operators[node.operatorToken.getText()] ?? []) yield [node.operatorToken, operator]
  } else if (isPrefixUnaryExpression(node)) yield [node, changePrefix(node.getText(), node.operand.getText())]
  else if (isPostfixUnaryExpression(node))
    yield [node, node.operand.getText() + (node.getText().endsWith('++') ? '--' : '++')]
  else if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) || isTemplateExpression(node))
    yield [node, /^.{2}$/s.test(node.getText()) ? "'mutant'" : "''"]
  else if (isRegularExpressionLiteral(node)) for (const text of changeExpression(node.getText())) yield [node, text]
  else if (node.kind === SyntaxKind.TrueKeyword) yield [node, 'false']
  else if (node.kind === SyntaxKind.FalseKeyword) yield [node, 'true']
  else if (isReturnStatement(node) && node.expression !== undefined) yield [node.expression, 'undefined']
  else if (isArrowFunction(node) && node.body.kind !== SyntaxKind.Block) yield [node.body, 'undefined']
  else if (isExpressionStatement(node) || isThrowStatement(node) || isBreakStatement(node) || isContinueStatement(node))
    yield [node, ';']
  const condition = conditionOf(node)
  if (condition !== undefined) yield [condition, 'false']
  if (isIfStatement(node)) yield [node.expression, 'true']
  if (isConditionalExpression(node)) yield [node.condition, 'true']
}

function conditionOf(node: Node): Node | undefined {
  if (isIfStatement(node) || isWhileStatement(node) || isDoStatement(node)) return node.expression
  return isForStatement(node) || isConditionalExpression(node) ? node.condition : undefined
}

function changePrefix(text: string, operand: string): string {
  if (text.startsWith('++')) return `--${operand}`
  return text.startsWith('--') ? `++${operand}` : operand
}

/**
 * A regular expression without its anchors, its classes the other way round, its repetitions once
 * or never.
 */
function changeExpression(text: string): string[] {
  const changes = [
    text.replace('/^', '/'),
    text.replace(/\$(\/[a-z]*)$/, '$1'),
    text.replace(/\[(\^?)/, (_, negated) => (negated === '' ? '[^' : '[')),
    text.replace(/(?<=[\])])[+*]/, ''),
  ]
  return changes.filter(change => change !== text)
}
