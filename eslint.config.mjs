import js from '@eslint/js';
import ts from 'typescript-eslint';

export default ts.config(
  {
    ignores: [
      // Generated.
      'widgets/src/record.ts',
      'widgets/src/troubles.ts',
      '**/lib/**',
      '**/static/**',
      '**/labextension/**',
      '**/node_modules/**',
      '.venv/**',
      'out/**',
      '**/dist/**',
      'build/**'
    ]
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    ignores: ['*.config.mts'],
    extends: [...ts.configs.strictTypeChecked, ...ts.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          'widgets/tsconfig.json',
          'extension/lab/tsconfig.json',
          'extension/vscode/tsconfig.json',
          'extension/vscode/tsconfig.pages.json'
        ],
        tsconfigRootDir: import.meta.dirname
      }
    },
    rules: {
      // Numbers and booleans in templates read well and cannot surprise.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
    }
  },
  {
    files: ['extension/lab/**/*.ts'],
    // Lumino's signals take a method and its object apart, and call it with that object.
    rules: { '@typescript-eslint/unbound-method': 'off' }
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } }
  },
  {
    // An extension as VS Code loads it, unbundled.
    files: ['tests/browser/vscode/kernel/*.js'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { require: 'readonly', exports: 'readonly', setTimeout: 'readonly', TextDecoder: 'readonly' }
    }
  },
  {
    rules: { eqeqeq: 'error', 'no-eval': 'error', 'no-new-func': 'error' }
  }
);
